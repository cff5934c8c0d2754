// This file sets nginx-rtmp up as a server of an endless stream, with viewers who only take it.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Socket, Subprocess } from 'bun';
import { freePort } from '../support/weir.ts';
import { cores } from './machine.ts';
import { BenchServer, benchDir } from './server.ts';

const MODULE = '/usr/lib/nginx/modules/ngx_rtmp_module.so';
const PACKAGE = 'libnginx-mod-rtmp';

/** Where nginx's module for RTMP is: installed, or unpacked into `dir`; undefined where it cannot be had. */
function findModule(dir: string): string | undefined {
  if (existsSync(MODULE)) return MODULE;
  if (Bun.which('apt-get') === null || Bun.which('dpkg') === null) return undefined;
  const quiet = { cwd: dir, stdout: 'ignore', stderr: 'ignore', timeout: 60_000 } as const;
  Bun.spawnSync({ cmd: ['apt-get', '-q', 'download', PACKAGE], ...quiet });
  const [file] = new Bun.Glob(`${PACKAGE}_*.deb`).scanSync(dir);
  if (file === undefined) return undefined;
  Bun.spawnSync({ cmd: ['dpkg', '-x', file, '.'], ...quiet });
  const unpacked = join(dir, MODULE);
  return existsSync(unpacked) ? unpacked : undefined;
}

/** nginx-rtmp and an encoder that publishes `file` to it over and over. */
export class RtmpPeer implements AsyncDisposable {
  readonly server: BenchServer;
  readonly #port: number;
  readonly #encoder: Subprocess;

  private constructor(server: BenchServer, port: number, encoder: Subprocess) {
    this.server = server;
    this.#port = port;
    this.#encoder = encoder;
  }

  /** Undefined where there is no nginx-rtmp to be had. */
  static async start(file: string): Promise<RtmpPeer | undefined> {
    const dir = benchDir('nginx-rtmp');
    const module = findModule(dir);
    if (module === undefined) return undefined;
    const [port, rtmpPort] = [freePort(), freePort()];
    writeFileSync(join(dir, 'nginx.conf'), configuration(dir, module, port, rtmpPort));
    const cmd = ['nginx', '-e', 'stderr', '-p', dir, '-c', join(dir, 'nginx.conf')];
    const server = await BenchServer.start({ name: 'nginx', port, dir, cmd, readyPath: '/' });
    const input = ['-re', '-stream_loop', '-1', '-i', file, '-c', 'copy'];
    const output = ['-f', 'flv', `rtmp://127.0.0.1:${rtmpPort}/live/bench`];
    const encoder = Bun.spawn({
      cmd: ['taskset', '-c', cores().load, 'ffmpeg', '-v', 'quiet', ...input, ...output],
      stdin: 'ignore',
    });
    return new RtmpPeer(server, rtmpPort, encoder);
  }

  watch(viewers: number): Promise<RtmpCrowd> {
    return RtmpCrowd.join(this.#port, viewers);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#encoder.kill('SIGKILL');
    await this.#encoder.exited;
    await this.server[Symbol.asyncDispose]();
  }
}

function configuration(dir: string, module: string, port: number, rtmpPort: number): string {
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
load_module ${module};
${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off; worker_processes 1; worker_rlimit_nofile 8192;
pid ${dir}/nginx.pid; error_log stderr warn;
events { worker_connections 4096; }
rtmp { access_log off; server { listen 127.0.0.1:${rtmpPort}; application live { live on; } } }
http {
  access_log off; ${temp.map((name) => `${name}_temp_path ${dir}/${name};`).join(' ')}
  server { listen 127.0.0.1:${port}; location / { return 200; } }
}
`;
}

/** Viewers who ask to play and then count what comes. */
export class RtmpCrowd implements Disposable {
  readonly #sockets: Socket<undefined>[] = [];
  receivedBytes = 0;

  static async join(port: number, viewers: number): Promise<RtmpCrowd> {
    const crowd = new RtmpCrowd();
    for (let index = 0; index < viewers; index++) crowd.#sockets.push(await crowd.#viewer(port));
    return crowd;
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  #viewer(port: number): Promise<Socket<undefined>> {
    let greetedBytes = 0;
    return Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        open: (socket) => void socket.write(C0_C1),
        data: (socket, { length }) => {
          this.receivedBytes += length;
          if (greetedBytes >= GREETING_BYTES) return;
          greetedBytes += length;
          if (greetedBytes >= GREETING_BYTES) socket.write(C2_PLAY);
        },
        error() {},
      },
    });
  }
}

// RTMP 1.0 §5.2: C0 is the version, C1 and C2 have 1536 bytes; so have S1 and S2 behind S0
const HANDSHAKE_BYTES = 1536;
const GREETING_BYTES = 1 + 2 * HANDSHAKE_BYTES;
const C0_C1 = new Uint8Array(1 + HANDSHAKE_BYTES).fill(3, 0, 1);

/** One message in one chunk: all of ours are shorter than the 128 bytes of a chunk. */
// RTMP 1.0 §5.3.1.1, §5.3.1.2.1: basic header, then time, length, type and stream of the message
function command(stream: number, ...values: readonly Uint8Array[]): Uint8Array {
  const payload = Buffer.concat(values);
  const header = [0x03, 0, 0, 0, 0, 0, payload.length, 0x14, stream, 0, 0, 0];
  return Buffer.concat([Uint8Array.from(header), payload]);
}

// AMF 0 §2.2, §2.4, §2.5, §2.7
const text = (value: string) => Buffer.concat([Uint8Array.of(2), bare(value)]);
const bare = (value: string) => Buffer.concat([Uint8Array.of(0, value.length), Buffer.from(value)]);
const number = (value: number) => {
  const bytes = Buffer.alloc(9);
  bytes.writeDoubleBE(value, 1);
  return bytes;
};
const NOTHING = Uint8Array.of(5);
const APPLICATION = Buffer.concat([
  Uint8Array.of(3),
  bare('app'),
  text('live'),
  Uint8Array.of(0, 0, 9),
]);

const C2_PLAY = Buffer.concat([
  new Uint8Array(HANDSHAKE_BYTES),
  command(0, text('connect'), number(1), APPLICATION),
  command(0, text('createStream'), number(2), NOTHING),
  command(1, text('play'), number(3), NOTHING, text('bench')),
]);
