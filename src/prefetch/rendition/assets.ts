// This file holds the init segments and keys of a rendition, from when they are named.
import { contentTypeOf } from '../../media/container.ts';
import type { InFlight } from '../../ring/in-flight.ts';
import { type Asset, assetsOf, type ListedKey, type ListedSegment } from '../../ring/listing.ts';
import type { Segment } from '../../ring/rendition-ring.ts';

/** As many as the loop remembers to have fetched: it does not fetch them again by itself. */
const ASSETS_MAX = 64;

export type AssetEntry = {
  readonly contentType: string;
  fingerprint: string | undefined;
  body: Blob | undefined;
  inFlight: InFlight | undefined;
};

export class RenditionAssets {
  readonly #entries = new Map<string, AssetEntry>();
  /** Fingerprint of a key → the first name it came under that is still kept. */
  readonly #keyNames = new Map<string, string>();

  get(name: string): AssetEntry | undefined {
    return this.#entries.get(name);
  }

  know(asset: Asset): void {
    if (this.#entries.has(asset.name)) return;
    const isKey = asset.name.startsWith('key-');
    const contentType = isKey ? 'application/octet-stream' : contentTypeOf('unknown', asset.name);
    this.#entries.set(asset.name, {
      contentType,
      fingerprint: undefined,
      body: undefined,
      inFlight: undefined,
    });
  }

  loaded(name: string, body: Blob, fingerprint?: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    entry.fingerprint = fingerprint;
    if (fingerprint !== undefined && !this.#keyNames.has(fingerprint)) {
      this.#keyNames.set(fingerprint, name);
    }
    entry.body = body;
    entry.inFlight?.complete(body);
    entry.inFlight = undefined;
  }

  /**
   * The segment with one name for keys whose bytes are the same: some upstreams write a new token
   * into the address of their key with every list. Only the bytes tell, and a name never changes its
   * meaning, so that players need not fetch what they have.
   */
  sharingKeys(listed: ListedSegment): ListedSegment {
    if (listed.keys.length === 0) return listed;
    return { ...listed, keys: listed.keys.map((key) => this.#shared(key)) };
  }

  #shared(key: ListedKey): ListedKey {
    const fingerprint = this.#entries.get(key.asset?.name ?? '')?.fingerprint;
    const name = fingerprint === undefined ? undefined : this.#keyNames.get(fingerprint);
    if (key.asset === undefined || name === undefined) return key;
    return { ...key, asset: { ...key.asset, name } };
  }

  failed(name: string, error: Error): void {
    const entry = this.#entries.get(name);
    entry?.inFlight?.fail(error);
    if (entry !== undefined) entry.inFlight = undefined;
  }

  /** What has not come will not: whoever waits is told so, and the name is nobody's for now. */
  abandon(error: Error): void {
    for (const [name, { body, inFlight }] of this.#entries) {
      if (body !== undefined) continue;
      inFlight?.fail(error);
      this.#entries.delete(name);
    }
  }

  /** Of more than are needed at once, lets go of those that none of the segments needs. */
  forgetUnused(segments: readonly Segment[]): void {
    if (this.#entries.size <= ASSETS_MAX) return;
    const used = new Set(
      segments.flatMap(({ listed }) => assetsOf(listed).map(({ name }) => name)),
    );
    for (const [name, { inFlight, fingerprint = '' }] of this.#entries) {
      if (this.#entries.size <= ASSETS_MAX) return;
      if (used.has(name) || inFlight !== undefined) continue;
      this.#entries.delete(name);
      if (this.#keyNames.get(fingerprint) === name) this.#keyNames.delete(fingerprint);
    }
  }

  clear(error: Error): void {
    for (const { inFlight } of this.#entries.values()) inFlight?.fail(error);
    this.#entries.clear();
    this.#keyNames.clear();
  }

  *waitedFor(): Iterable<[string, InFlight]> {
    for (const [name, { inFlight }] of this.#entries) {
      if (inFlight !== undefined) yield [name, inFlight];
    }
  }
}
