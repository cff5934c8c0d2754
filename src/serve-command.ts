// This file is `weir serve`: it starts the server, keeps its configuration current and ends it.
import { closeSync, openSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { systemClock } from './base/clock.ts';
import { AppError } from './base/errors.ts';
import { createLog, type LogWriter } from './base/log-writer.ts';
import { systemRandom } from './base/random.ts';
import { createStdoutSink } from './base/stdout-sink.ts';
import { VERSION } from './base/version.ts';
import { type OpenSharedStore, openSharedStore } from './channel/open-shared.ts';
import { ChannelList } from './channel-list.ts';
import { formatBanner } from './command/banner.ts';
import { EXIT, type ExitCode, type Given, type Terminal } from './command/command-line.ts';
import { loadInput } from './command/config-flags.ts';
import { warningsOf } from './command/warnings.ts';
import type { ChannelConfig } from './config/config.ts';
import { chooseFile } from './config/file.ts';
import { formatListen } from './config/listen.ts';
import { type LoadedConfig, loadConfig } from './config/load.ts';
import { loadAside } from './config/load-aside.ts';
import { ConfigReloader } from './config/reload.ts';
import { stampOf, watchFolderOf } from './config/watch.ts';
import { type Running, serve } from './serve.ts';
import { CONFIG_WORKER } from './threads.ts';

/** From the signal to the end of the process, whatever is still under way. */
const STOP_MS = 10_000;
const LOG_FLUSH_MS = 500;

export async function runServe(given: Given, terminal: Terminal): Promise<ExitCode> {
  const input = loadInput(given, terminal);
  // Before the file is read: a change in mid-read is seen as one afterwards.
  const stamp = await stampOf(chooseFile(input).path);
  const first = await loadConfig(input);
  const log = openLog(first, terminal);
  const ended = Promise.withResolvers<string>();
  surviveStrays(log);
  for (const { message, fields } of warningsOf(first)) log.warn(message, fields);
  try {
    await using shared = await openSharedStore(first.config, {
      clock: systemClock,
      random: systemRandom,
      log,
    });
    let current = first.config;
    let running: Running | undefined;
    const apply = () => running?.reload(current, list.channels);
    await using list = await ChannelList.start(current, log, shared, () => apply());
    const { channels } = list;
    running = await start(first, list, log, shared);
    if (list.channels !== channels) apply(); // one may have come while the server started
    using reloader = new ConfigReloader(first, stamp, {
      clock: systemClock,
      log,
      watch: watchFolderOf,
      stamp: stampOf,
      load: () => loadAside(input, CONFIG_WORKER, systemClock),
      apply: async (next) => {
        current = next.config;
        log.setLevel(current.log.level);
        for (const { message, fields } of warningsOf(next)) log.warn(message, fields);
        await list.apply(current);
        apply();
      },
    });
    const reload = async () => {
      await reloader.reload('SIGHUP');
      await Promise.all([list.lineUps.refresh(), running?.readGuides()]);
    };
    using _signals = listenToSignals(terminal, ended.resolve, () => void reload());
    announce(first, channels, running.url, log, terminal);
    return await stopWithin(running, await ended.promise, log);
  } catch (error) {
    log.error('cannot go on', { error });
    await log.flush(LOG_FLUSH_MS);
    return EXIT.failed;
  }
}

function openLog(loaded: LoadedConfig, terminal: Terminal): LogWriter {
  const { level, format } = loaded.config.log;
  const isPretty = format === 'pretty' || (format === 'auto' && terminal.isPerson);
  return createLog({
    write: createStdoutSink(),
    level,
    format: isPretty ? 'pretty' : 'json',
    clock: systemClock,
    colour: isPretty && terminal.isColoured,
  });
}

async function start(
  loaded: LoadedConfig,
  list: ChannelList,
  log: LogWriter,
  shared: OpenSharedStore,
): Promise<Running> {
  try {
    return await serve(loaded.config, list, log, shared);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const address = formatListen(loaded.config.listen);
    const reasons: Readonly<Record<string, string>> = {
      EADDRINUSE: 'something else listens there, wanted a free port',
      EACCES: 'not allowed, wanted a port above 1023 or the right to use it',
      EADDRNOTAVAIL: 'this machine has no such address, wanted one of its own',
    };
    const reason = reasons[code ?? ''];
    if (reason === undefined) throw error;
    throw new AppError('MAIN_LISTEN', `Cannot listen on ${address}: ${reason}`, { address }, error);
  }
}

/** A promise that nobody waited for is a mistake of ours, and no reason to end the television. */
function surviveStrays(log: LogWriter): void {
  process.on('unhandledRejection', (error) => log.error('unhandled rejection', { error }));
  process.on('uncaughtException', async (error) => {
    log.error('uncaught exception, ending', { error, stack: error.stack });
    await log.flush(LOG_FLUSH_MS);
    process.exit(EXIT.failed);
  });
}

function listenToSignals(
  terminal: Terminal,
  stop: (reason: string) => void,
  reload: () => void,
): Disposable {
  let isStopping = false;
  const end = (signal: NodeJS.Signals) => {
    // Whoever asks a second time does not want to wait for answers in flight.
    if (isStopping) process.exit(EXIT.failed);
    isStopping = true;
    stop(signal);
  };
  const hangUp = () => (terminal.isPerson && !hasTerminal() ? end('SIGHUP') : reload());
  process.on('SIGTERM', end).on('SIGINT', end).on('SIGHUP', hangUp);
  return {
    [Symbol.dispose]: () => {
      process.off('SIGTERM', end).off('SIGINT', end).off('SIGHUP', hangUp);
    },
  };
}

/** A window that was closed hangs up too; a server left behind would hold its port in the dark. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}

async function stopWithin(running: Running, reason: string, log: LogWriter): Promise<ExitCode> {
  const late = Promise.withResolvers<'late'>();
  using _timer = systemClock.after(STOP_MS - LOG_FLUSH_MS, () => late.resolve('late'));
  const outcome = await Promise.race([running.stop(reason), late.promise]);
  if (outcome === 'late') log.warn('not stopped in time, ending anyway', { withinMs: STOP_MS });
  await log.flush(LOG_FLUSH_MS);
  return EXIT.ok;
}

function announce(
  loaded: LoadedConfig,
  channels: readonly ChannelConfig[],
  url: string,
  log: LogWriter,
  terminal: Terminal,
): void {
  const { listen, publicUrl } = loaded.config;
  const port = Number(new URL(url).port || 80);
  log.info('listening', {
    address: formatListen({ host: listen.host, port }),
    channels: channels.length,
    version: VERSION,
    config: loaded.file ?? 'none',
  });
  if (!terminal.isPerson) return;
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  terminal.out(
    formatBanner({
      version: VERSION,
      host: listen.host,
      port,
      ...(publicUrl === undefined ? {} : { publicUrl }),
      channels,
      addresses,
      colour: terminal.isColoured,
    }),
  );
}
