// This file has VLC and mpv load the line-up, with a guide in its first line, and zap through it.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { connect } from 'node:net';
import { join } from 'node:path';
import { FfmpegOrigin } from '../support/ffmpeg-origin.ts';
import { unprivileged } from '../support/players.ts';
import { endProgram, hasProgram } from '../support/programs.ts';
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { Weir } from '../support/weir.ts';

/** A player on a machine that has much else to do. */
const COMES_MS = 30_000;

describe.skipIf(!hasProgram('ffmpeg'))('a line-up in players', () => {
  let origin: FfmpegOrigin;
  let folder: TempFolder;
  let weir: Weir;

  beforeAll(async () => {
    origin = await FfmpegOrigin.start({ isSmall: true });
    folder = await createTempFolder();
    const guide = await folder.write(
      'guide.xml',
      '<tv><programme start="20990101000000" channel="one"><title>T</title></programme></tv>',
    );
    const live = `sources: ['${origin.url('/v0/index.m3u8')}']`;
    const asking = '#EXTVLCOPT:network-caching=2500\n#EXTVLCOPT:audio-language=deu';
    const entry = `#EXTINF:-1,Drei\n${asking}\n${origin.url('/v0/index.m3u8')}\n`;
    const list = await folder.write('list.m3u', `#EXTM3U\n${entry}`);
    weir = await Weir.start({
      yaml: `
allow_private: [127.0.0.0/8]
lineups: [{ path: ${list} }]
guides: [{ path: ${guide} }]
channels:
  - { id: one, name: 'One, "the first" - of two', number: 1, group: 'A, B', ${live} }
  - { id: two, name: 'Zwei & é', number: 2, ${live} }
`,
    });
    const head = async () => (await (await fetch(weir.url('/playlist.m3u'))).text()).split('\n')[0];
    const hasGuide = async () => (await head())?.includes('x-tvg-url="http') ?? false;
    if (!(await until(hasGuide, COMES_MS))) throw new Error('The line-up names no guide');
  }, 90_000);

  afterAll(async () => {
    await weir?.[Symbol.asyncDispose]();
    await origin?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  }, 30_000);

  // The comma of the first is none, the hyphen a dash: neither is taken for the end of a name
  const NAMES = ["One‚ 'the first' – of two", 'Zwei & é', 'Drei'];

  const outputs = ['hls', 'ts'];

  test.skipIf(!hasProgram('cvlc')).each(outputs)(
    'VLC plays the next channel of %s',
    async (output) => {
      const quiet = ['--aout=dummy', '--vout=dummy', '--no-color'];
      const child = Bun.spawn({
        cmd: [
          ...unprivileged(),
          ...['cvlc', '-I', 'oldrc', '--rc-fake-tty', '-vv', ...quiet],
          weir.url(`/playlist.m3u?output=${output}`),
        ],
        stdin: 'pipe',
        stdout: 'pipe',
        stderr: 'pipe',
      });
      const said = [collect(child.stdout), collect(child.stderr)] as const;
      const say = (command: string) => {
        child.stdin.write(`${command}\n`);
        child.stdin.flush();
      };
      const pictures = () => said[1].text.split('Received first picture').length - 1;
      try {
        expect(await until(() => pictures() === 1, COMES_MS)).toBe(true);
        say('next');
        expect(await until(() => pictures() === 2, COMES_MS)).toBe(true);
        say('playlist');
        const isListed = () => NAMES.every((name) => said[0].text.includes(name));
        expect(await until(isListed, COMES_MS)).toBe(true);
      } finally {
        await endProgram(child);
      }
    },
    90_000,
  );

  test.skipIf(!hasProgram('cvlc'))(
    'VLC heeds what a list asked of it',
    async () => {
      const quiet = ['--aout=dummy', '--vout=dummy', '--no-color'];
      const address = weir.url('/playlist.m3u?dialect=vlc&output=ts&id=drei');
      const child = Bun.spawn({
        cmd: [...unprivileged(), 'cvlc', '-I', 'dummy', '-vv', ...quiet, address],
        stdin: 'ignore',
        stdout: 'ignore',
        stderr: 'pipe',
      });
      const said = collect(child.stderr);
      try {
        const isBuffered = () => /Stream buffering done \((\d+) ms/.exec(said.text)?.[1];
        expect(await until(() => isBuffered() !== undefined, COMES_MS)).toBe(true);
        // Without it a second is read ahead, as of playlists always
        expect(Number(isBuffered())).toBeGreaterThanOrEqual(2500);
        expect(said.text).toContain('selected audio language[0] de');
        expect(said.text).not.toContain('unsafe option');
      } finally {
        await endProgram(child);
      }
    },
    60_000,
  );

  test.skipIf(!hasProgram('mpv')).each(outputs)(
    'mpv plays the next channel of %s',
    async (output) => {
      const socket = join(folder.path, `mpv-${output}`);
      const quiet = ['--no-config', '--vo=null', '--ao=null', '--really-quiet'];
      const child = Bun.spawn({
        cmd: [
          ...['mpv', ...quiet, `--input-ipc-server=${socket}`],
          weir.url(`/playlist.m3u?output=${output}`),
        ],
        stdin: 'ignore',
        stdout: 'ignore',
        stderr: 'ignore',
      });
      const isPlaying = async (position: number, from: { seconds?: number } = {}) => {
        if ((await ask(socket, ['get_property', 'playlist-pos'])) !== position) return false;
        const seconds = Number((await ask(socket, ['get_property', 'time-pos'])) ?? 0);
        from.seconds ??= seconds;
        return seconds > from.seconds + 1;
      };
      try {
        const [one, two] = [{}, {}];
        expect(await until(() => isPlaying(0, one), COMES_MS)).toBe(true);
        await ask(socket, ['playlist-next']);
        expect(await until(() => isPlaying(1, two), COMES_MS)).toBe(true);
        const list = (await ask(socket, ['get_property', 'playlist'])) as { title: string }[];
        expect(list.map(({ title }) => title)).toEqual(NAMES);
      } finally {
        await endProgram(child);
      }
    },
    90_000,
  );
});

function collect(stream: ReadableStream<Uint8Array>): { readonly text: string } {
  const collected = { text: '' };
  const decoder = new TextDecoder();
  void (async () => {
    for await (const piece of stream) collected.text += decoder.decode(piece, { stream: true });
  })();
  return collected;
}

/** One command over mpv's socket; undefined where there is no answer, or none yet. */
function ask(path: string, command: readonly unknown[]): Promise<unknown> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(path);
    socket.setTimeout(2000, () => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => resolve(undefined));
    socket.on('connect', () => socket.write(`${JSON.stringify({ command, request_id: 7 })}\n`));
    socket.on('data', (bytes) => {
      text += bytes;
      for (const line of text.split('\n').slice(0, -1)) {
        const answer = JSON.parse(line) as { request_id?: number; data?: unknown };
        if (answer.request_id !== 7) continue;
        resolve(answer.data);
        socket.destroy();
      }
    });
  });
}
