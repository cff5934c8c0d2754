// This file is one running weir between faulty origins and viewers, for the tests of this folder.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FaultyOrigin, type OriginOptions } from '../support/faulty-origin.ts';
import { LiveChannel, type LiveOptions } from '../support/live-origin.ts';
import { type Counts, counts, type OracleOptions, violations } from '../support/oracle.ts';
import type { Answer } from '../support/origin/answer.ts';
import type { Fault } from '../support/origin/fault.ts';
import type { SeenRequest } from '../support/origin/request.ts';
import { Swarm, type SwarmOptions } from '../support/swarm.ts';
import { readMediaList, readVariants } from '../support/viewer/media-list.ts';
import { RawClient } from '../support/viewer/raw-client.ts';
import type { ViewerReport } from '../support/viewer/viewer.ts';
import { Weir, type WeirOptions } from '../support/weir.ts';

export type ChannelSetup = {
  readonly live?: LiveOptions;
  readonly origin?: OriginOptions;
  /** Further lines of the channel and of its source in the configuration, not indented. */
  readonly channelLines?: readonly string[];
  readonly sourceLines?: readonly string[];
  /** Path of the source at its origin; absent: the multivariant playlist. */
  readonly sourcePath?: string;
  /** A second source, at an origin of its own: found under `backupOf(id)`. */
  readonly backup?: { readonly live?: LiveOptions; readonly sourceLines?: readonly string[] };
};

/** One channel with an origin to itself, so that its faults are nobody else's. */
export type Place = { readonly origin: FaultyOrigin; readonly live: LiveChannel };

export type Seen = {
  readonly reports: readonly ViewerReport[];
  /** Promises broken; empty is good. */
  readonly blamed: readonly string[];
  readonly counts: Counts;
};

const LOGS_SHOWN = 40;

/** Upstreams are on this address alone, so that 127.0.0.2 is a private address like any other. */
const SERVER_LINES = [
  'allow_private: [127.0.0.1/32]',
  'connections: { per_address: 100000 }',
  'log: { level: debug, format: json }',
];

export class World implements AsyncDisposable {
  readonly #places = new Map<string, Place>();
  readonly #setups: Readonly<Record<string, ChannelSetup>>;
  readonly #serverLines: readonly string[];
  readonly #dataDir = mkdtempSync(join(tmpdir(), 'weir-fault-'));
  #weir: Weir | undefined;

  constructor(
    setups: Readonly<Record<string, ChannelSetup>>,
    serverLines: readonly string[] = ['prefetch: { idle_stop: 5s }'],
  ) {
    this.#setups = setups;
    this.#serverLines = serverLines;
    for (const [id, { live, origin: options, backup }] of Object.entries(setups)) {
      const origin = new FaultyOrigin(options);
      this.#places.set(id, { origin, live: new LiveChannel(origin, { name: id, ...live }) });
      if (backup === undefined) continue;
      const other = new FaultyOrigin();
      const options2 = { ...live, name: backupOf(id), ...backup.live };
      this.#places.set(backupOf(id), { origin: other, live: new LiveChannel(other, options2) });
    }
  }

  async start(options: WeirOptions = {}): Promise<Weir> {
    const { yaml, dataDir } = { yaml: this.yaml(), dataDir: this.#dataDir };
    this.#weir = await Weir.start({ yaml, dataDir, ...options });
    return this.#weir;
  }

  /** The same server once more, on the same port with the same data; the old one must be gone. */
  async startAgain(): Promise<Weir> {
    const { port } = this.weir;
    await this.weir[Symbol.asyncDispose]();
    return this.start({ port });
  }

  get weir(): Weir {
    if (this.#weir === undefined) throw new Error('Cannot use weir: it was not started');
    return this.#weir;
  }

  at(id: string): Place {
    const place = this.#places.get(id);
    if (place === undefined) throw new Error(`Cannot find channel ${id}: there is none`);
    return place;
  }

  url(id: string): string {
    return this.weir.url(`/live/${id}/index.m3u8`);
  }

  proxyUrl(id: string): string {
    return this.weir.url(`/proxy/${id}/index.m3u8`);
  }

  /** Of the media playlist behind it; asking for it opens the channel. */
  async mediaUrl(id: string, url = this.url(id)): Promise<string> {
    using client = new RawClient(url);
    const answer = await client.get(url, { keepBody: true });
    const text = new TextDecoder().decode(answer.body);
    const [variant] = answer.status === 200 ? readVariants(text, url) : [];
    if (variant === undefined) throw new Error(`Cannot open ${id}: ${answer.status} ${text}`);
    return variant;
  }

  /** The last segment that a media playlist lists now; undefined where it is not to be had. */
  async lastListed(mediaUrl: string): Promise<string | undefined> {
    using client = new RawClient(mediaUrl);
    const answer = await client.get(mediaUrl, { keepBody: true });
    if (answer.status !== 200) return undefined;
    const list = readMediaList(new TextDecoder().decode(answer.body), mediaUrl);
    return list.segments.findLast(({ isGap }) => !isGap)?.url;
  }

  yaml(): string {
    const lines = [...SERVER_LINES, ...this.#serverLines, 'channels:'];
    for (const [id, setup] of Object.entries(this.#setups)) {
      const { channelLines = [], sourceLines = [], sourcePath, backup } = setup;
      lines.push(`  - id: ${id}`, `    name: ${id}`, ...channelLines.map((line) => `    ${line}`));
      lines.push('    sources:', ...this.#sourceYaml(id, sourceLines, sourcePath));
      if (backup !== undefined) lines.push(...this.#sourceYaml(backupOf(id), backup.sourceLines));
    }
    return `${lines.join('\n')}\n`;
  }

  #sourceYaml(
    id: string,
    sourceLines: readonly string[] = [],
    path = `/${id}/master.m3u8`,
  ): readonly string[] {
    const url = `      - url: ${this.at(id).origin.url(path)}`;
    return [url, ...sourceLines.map((line) => `        ${line}`)];
  }

  /** Lets viewers watch a channel for `forMs` and judges what they saw. */
  async watch(
    id: string,
    options: Partial<SwarmOptions> & { readonly count: number; readonly forMs: number },
    oracle: Partial<OracleOptions> = {},
  ): Promise<Seen> {
    await using swarm = new Swarm({ url: this.url(id), ...options });
    await Bun.sleep(options.forMs);
    return this.judge(id, await swarm.stop(), oracle);
  }

  judge(id: string, reports: readonly ViewerReport[], oracle: Partial<OracleOptions> = {}): Seen {
    const backup = this.#places.get(backupOf(id));
    const identify = (hash: string) =>
      this.at(id).live.identify(hash) ?? backup?.live.identify(hash);
    const blamed = violations(reports, { identify, ...oracle });
    if (blamed.length > 0) console.log(this.#lastLogs(id));
    return { reports, blamed, counts: counts(reports) };
  }

  /** What weir said of a channel, for whoever has to find out what went wrong. */
  #lastLogs(id: string): string {
    const own = this.weir.logs().filter(({ channel }) => channel === id);
    return own
      .slice(-LOGS_SHOWN)
      .map((record) => JSON.stringify(record))
      .join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#weir?.[Symbol.asyncDispose]();
    for (const { origin } of this.#places.values()) origin[Symbol.dispose]();
    rmSync(this.#dataDir, { recursive: true, force: true });
  }
}

/** Under this id a channel's second source is found. */
export function backupOf(id: string): string {
  return `${id}-b`;
}

/**
 * Applies `fault` to the first try of every `every`th segment of a channel, after `skip` of them
 * have passed untouched.
 */
export function onFirstTries(
  { origin, live }: Place,
  fault: Answer | Fault,
  how: { readonly every?: number; readonly skip?: number } = {},
): { applied(): number } {
  const met = new Map<string, boolean>();
  const { every = 3, skip = 4 } = how;
  const pattern = live.segments();
  return origin.on((request) => {
    if (request.method !== 'GET' || !pattern.test(request.target)) return false;
    const isFirst = !met.has(request.path);
    met.set(request.path, true);
    return isFirst && met.size > skip && (met.size - skip) % every === 1 % every;
  }, fault);
}

/** How often each segment was asked for at the origin, by path. */
export function triesOf({ origin, live }: Place): Map<string, SeenRequest[]> {
  const tries = new Map<string, SeenRequest[]>();
  for (const request of origin.seen(live.segments())) {
    tries.set(request.path, [...(tries.get(request.path) ?? []), request]);
  }
  return tries;
}

export function mostTries(place: Place): number {
  return Math.max(0, ...[...triesOf(place).values()].map((requests) => requests.length));
}
