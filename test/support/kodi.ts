// This file runs Kodi with its simple client for IPTV, on a screen that nobody sees.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Subprocess } from 'bun';
import { freePort } from './free-port.ts';
import { writeKodiProfile } from './kodi-profile.ts';
import { KODI } from './kodi-programs.ts';
import { KodiRpc } from './kodi-rpc.ts';
import { type Shot, VirtualScreen } from './kodi-screen.ts';
import { programPath } from './program-path.ts';
import { endProgram, hasProgram } from './programs.ts';
import { until } from './until.ts';

/** The client itself, and what it plays catch-up by. */
const ADD_ONS = ['inputstream.ffmpegdirect', 'pvr.iptvsimple'];
/** The window that asks. */
const YES_NO = 10_100;
const READY_MS = 60_000;

/** True where all of it is to be had; says loudly what is not. */
export function hasKodi(): boolean {
  return [...KODI, 'ffmpeg'].every(hasProgram);
}

const SILENT = { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' } as const;

/** A card that plays to nobody, at the pace of a real one: Kodi shows pictures when their sound is. */
function soundCommand(socket: string): string[] {
  const alone = ['-n', '--daemonize=no', '--use-pid-file=no', '--exit-idle-time=-1'];
  const door = `module-native-protocol-unix socket=${socket} auth-anonymous=1`;
  return ['pulseaudio', ...alone, '-L', 'module-null-sink', '-L', door];
}

export class Kodi implements AsyncDisposable {
  readonly #home: string;
  readonly #screen: VirtualScreen;
  readonly #sound: Subprocess;
  readonly #child: Subprocess;
  #rpc: KodiRpc | undefined;

  private constructor(home: string, screen: VirtualScreen) {
    this.#home = home;
    this.#screen = screen;
    const socket = join(home, 'sound');
    const env = { PATH: process.env['PATH'] ?? '', HOME: home, XDG_RUNTIME_DIR: home };
    this.#sound = Bun.spawn({ cmd: soundCommand(socket), env, ...SILENT });
    this.#child = Bun.spawn({
      cmd: [programPath('kodi.bin')!, '--windowing=x11', '--audio-backend=pulseaudio'],
      cwd: home,
      env: {
        ...env,
        DISPLAY: screen.display,
        PULSE_SERVER: `unix:${socket}`,
        LIBGL_ALWAYS_SOFTWARE: '1',
        LANG: 'C.UTF-8',
        TZ: 'UTC',
      },
      ...SILENT,
    });
  }

  /** Resolves once Kodi answers and its client is switched on. */
  static async start(lineUpUrl: string): Promise<Kodi> {
    const screen = await VirtualScreen.start('1280x720');
    const home = mkdtempSync(join(tmpdir(), 'weir-kodi-'));
    const rpcPort = freePort();
    writeKodiProfile(home, { lineUpUrl, rpcPort, eventPort: freePort() });
    const kodi = new Kodi(home, screen);
    try {
      await kodi.#connect(rpcPort);
      await kodi.#answer();
      for (const addonid of ADD_ONS) {
        await kodi.call('Addons.SetAddonEnabled', { addonid, enabled: true });
      }
      return kodi;
    } catch (error) {
      const log = kodi.log().slice(-4000);
      await kodi[Symbol.asyncDispose]();
      throw new Error(`${(error as Error).message}\n${log}`);
    }
  }

  async call<T = unknown>(method: string, params: object = {}): Promise<T> {
    return await this.#rpc!.call<T>(method, params);
  }

  async shoot(path: string): Promise<Shot> {
    return await this.#screen.shoot(path);
  }

  log(): string {
    try {
      return readFileSync(join(this.#home, '.kodi/temp/kodi.log'), 'utf8');
    } catch {
      return '';
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#rpc?.[Symbol.dispose]();
    await endProgram(this.#child);
    await endProgram(this.#sound);
    await this.#screen[Symbol.asyncDispose]();
    rmSync(this.#home, { recursive: true, force: true });
  }

  /** A new Kodi asks, of each add-on that it finds, whether it is to be switched on. */
  async #answer(): Promise<void> {
    const isAsking = async () => {
      const asked = { properties: ['currentwindow'] };
      type Shown = { readonly currentwindow: { readonly id: number } };
      const { currentwindow } = await this.call<Shown>('GUI.GetProperties', asked);
      return currentwindow.id === YES_NO;
    };
    if (!(await until(isAsking, READY_MS))) throw new Error('Kodi never asked');
    // One question follows at once upon the other
    while (await until(isAsking, 1000)) await this.call('Input.Back');
  }

  async #connect(port: number): Promise<void> {
    const isThere = await until(async () => {
      if (this.#child.exitCode !== null) return true;
      this.#rpc = await KodiRpc.connect(port).catch(() => undefined);
      return this.#rpc !== undefined;
    }, READY_MS);
    if (!isThere || this.#rpc === undefined)
      throw new Error('Cannot start Kodi: it never listened');
    await this.#rpc.call('JSONRPC.Ping');
  }
}
