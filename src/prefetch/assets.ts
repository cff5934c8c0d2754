// This file holds the init segments and keys of a rendition, from when they are named.
import type { InFlight } from '../ring/in-flight.ts';
import { type Asset, assetsOf } from '../ring/listing.ts';
import type { Segment } from '../ring/rendition-ring.ts';

/** As many as the loop remembers to have fetched: it does not fetch them again by itself. */
const ASSETS_MAX = 64;

export type AssetEntry = {
  readonly contentType: string;
  body: Blob | undefined;
  inFlight: InFlight | undefined;
};

export class RenditionAssets {
  readonly #entries = new Map<string, AssetEntry>();

  get(name: string): AssetEntry | undefined {
    return this.#entries.get(name);
  }

  know(asset: Asset): void {
    if (this.#entries.has(asset.name)) return;
    const isKey = asset.name.startsWith('key-');
    const contentType = isKey ? 'application/octet-stream' : 'video/mp4';
    this.#entries.set(asset.name, { contentType, body: undefined, inFlight: undefined });
  }

  loaded(name: string, body: Blob): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    entry.body = body;
    entry.inFlight?.complete(body);
    entry.inFlight = undefined;
  }

  failed(name: string, error: Error): void {
    const entry = this.#entries.get(name);
    entry?.inFlight?.fail(error);
    if (entry !== undefined) entry.inFlight = undefined;
  }

  /** Of more than are needed at once, lets go of those that none of the segments needs. */
  forgetUnused(segments: readonly Segment[]): void {
    if (this.#entries.size <= ASSETS_MAX) return;
    const used = new Set(
      segments.flatMap(({ listed }) => assetsOf(listed).map(({ name }) => name)),
    );
    for (const [name, { inFlight }] of this.#entries) {
      if (this.#entries.size <= ASSETS_MAX) return;
      if (!used.has(name) && inFlight === undefined) this.#entries.delete(name);
    }
  }

  clear(error: Error): void {
    for (const { inFlight } of this.#entries.values()) inFlight?.fail(error);
    this.#entries.clear();
  }

  *waitedFor(): Iterable<[string, InFlight]> {
    for (const [name, { inFlight }] of this.#entries) {
      if (inFlight !== undefined) yield [name, inFlight];
    }
  }
}
