// This file is a screen that nobody sees, for programs that want one.
import type { Subprocess } from 'bun';
import { endProgram, runProgram } from './programs.ts';

/** A picture of what is shown: `path` is a PNG. */
export type Shot = {
  readonly path: string;
  /** Mean brightness, 0 black to 255 white. */
  readonly brightness: number;
  /** How many colours there are, of 4,096: nothing but a picture has very many. */
  readonly colours: number;
};

export class VirtualScreen implements AsyncDisposable {
  readonly display: string;
  readonly #server: Subprocess;
  readonly #size: string;

  private constructor(server: Subprocess, display: string, size: string) {
    this.#server = server;
    this.display = display;
    this.#size = size;
  }

  /** Xvfb takes the first display that is free, and says which. */
  static async start(size: string): Promise<VirtualScreen> {
    const server = Bun.spawn({
      cmd: [
        'Xvfb',
        '-displayfd',
        '1',
        '-screen',
        '0',
        `${size}x24`,
        '-nolisten',
        'tcp',
        '-noreset',
      ],
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'ignore',
    });
    try {
      const reader = server.stdout.getReader();
      let said = '';
      while (!said.includes('\n')) {
        const { done, value } = await reader.read();
        if (done) throw new Error('Cannot start a screen: Xvfb ended');
        said += new TextDecoder().decode(value);
      }
      return new VirtualScreen(server, `:${said.trim()}`, size);
    } catch (error) {
      await endProgram(server);
      throw error;
    }
  }

  async shoot(path: string): Promise<Shot> {
    const grab = ['-f', 'x11grab', '-video_size', this.#size, '-i', this.display];
    const cmd = ['ffmpeg', '-nostdin', '-y', '-loglevel', 'error', ...grab, '-frames:v', '1', path];
    const grabbed = await runProgram(cmd, 30_000);
    if (grabbed.code !== 0) throw new Error(`Cannot take a picture: ffmpeg said ${grabbed.stderr}`);
    const raw = await rgbOf(path);
    let sum = 0;
    const colours = new Set<number>();
    for (let at = 0; at + 2 < raw.length; at += 3) {
      const [red, green, blue] = [raw[at]!, raw[at + 1]!, raw[at + 2]!];
      sum += red + green + blue;
      colours.add(((red >> 4) << 8) | ((green >> 4) << 4) | (blue >> 4));
    }
    return { path, brightness: sum / raw.length, colours: colours.size };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endProgram(this.#server);
  }
}

async function rgbOf(path: string): Promise<Uint8Array> {
  const raw = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'];
  const child = Bun.spawn({
    cmd: ['ffmpeg', '-nostdin', '-loglevel', 'error', '-i', path, ...raw],
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'ignore',
  });
  return new Uint8Array(await new Response(child.stdout).arrayBuffer());
}
