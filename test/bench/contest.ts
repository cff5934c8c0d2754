// This file puts weir and its peers before the same upstream, so that they can be set side by side.
import type { BenchOrigin, LiveSpec } from './bench-origin.ts';
import { startNginx, startVarnish, startWeir } from './peers.ts';
import type { BenchServer, ServerName } from './server.ts';
import { segmentPath } from './timed-client.ts';

/** What every row is given. */
export type Bench = {
  readonly origin: BenchOrigin;
  /** A short run that shows that all works; its figures mean little. */
  readonly isQuick: boolean;
  /** Of nginx, varnishd and wrk: those that could not be had. */
  readonly lacking: readonly string[];
  readonly say: (text: string) => void;
};

export type Contender = { readonly server: BenchServer; readonly playlistPath: string };

const LIVE: LiveSpec = { tag: 'contest', segmentMs: 4000, sizeBytes: 1_500_000 };

export class Contest implements AsyncDisposable {
  /** nginx-copying among them. */
  readonly all: readonly Contender[];

  private constructor(contenders: readonly Contender[]) {
    this.all = contenders;
  }

  static async start(bench: Bench): Promise<Contest> {
    const { origin, lacking } = bench;
    const path = origin.path(LIVE);
    const contenders: Contender[] = [];
    const channels = [{ id: 'bench', source: origin.url(path) }];
    const weir = await startWeir({ channels });
    contenders.push({ server: weir, playlistPath: '/live/bench/index.m3u8' });
    if (!lacking.includes('nginx')) {
      for (const name of ['nginx', 'nginx-copying'] as const) {
        contenders.push({ server: await startNginx(name, origin, path), playlistPath: path });
      }
    }
    if (!lacking.includes('varnishd')) {
      contenders.push({ server: await startVarnish(origin, path), playlistPath: path });
    }
    for (const contender of contenders) await newestSegment(contender);
    return new Contest(contenders);
  }

  /** One of each kind. */
  get contenders(): readonly Contender[] {
    return this.all.filter(({ server }) => server.name !== 'nginx-copying');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { server } of this.all) await server[Symbol.asyncDispose]();
  }
}

/** Of the segments listed now, the last; it is in the cache once this returns. */
export async function newestSegment({ server, playlistPath }: Contender): Promise<string> {
  const list = await fetch(server.url(playlistPath));
  const path = segmentPath(playlistPath, await list.text());
  const segment = await fetch(server.url(path));
  const bytes = (await segment.arrayBuffer()).byteLength;
  if (segment.status !== 200 || bytes < LIVE.sizeBytes * 0.99) {
    throw new Error(`Cannot warm ${server.name}: ${segment.status} with ${bytes} bytes`);
  }
  return path;
}

export function cell<T>(
  results: ReadonlyMap<ServerName, T>,
  name: ServerName,
  of: (value: T) => string,
) {
  const value = results.get(name);
  return value === undefined ? 'MISSING' : of(value);
}
