// This file reads a guide from where it lies into a new edition.
import type { Database } from 'bun:sqlite';
import type { Clock } from '../base/clock.ts';
import { isUrl, showPlace } from '../base/place.ts';
import { whyUnreadable } from '../base/unreadable.ts';
import type { Outbound, OutboundPolicy } from '../net/outbound.ts';
import { dayOf } from './channel-days.ts';
import { Edition, type EditionCounts } from './edition.ts';
import { GuideError } from './errors.ts';
import { fillEdition, MAX_CHANNELS } from './fill-edition.ts';
import { ImportCrew } from './import-crew.ts';
import { lockImports } from './import-lock.ts';
import { type BeforeIt, checkMayReplace, keptBefore } from './may-replace.ts';
import { steadyPieces } from './steady-pieces.ts';
import { MAX_GUIDE_BYTES, unpacked } from './unpacked.ts';

export type GuideSpec = {
  /** Names it in the file: the same for the same place. */
  readonly id: string;
  /** A URL or a file. */
  readonly place: string;
  readonly policy: OutboundPolicy;
};

export type GuideDeps = {
  readonly database: Database;
  readonly dataDir: string;
  readonly outbound: Outbound;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Entry of a thread that does half of an import; absent: all is done here. */
  readonly second?: URL;
};

export type GuideRead =
  | ({ readonly kind: 'taken' } & EditionCounts & {
        readonly problems: Readonly<Record<string, number>>;
      })
  /** The server says that it is what we have. */
  | { readonly kind: 'same' };

const LIMITS = {
  connectMs: 10_000,
  firstByteMs: 60_000, // some servers make the guide when it is asked for
  betweenBytesMs: 30_000,
  totalMs: 15 * 60_000,
  maxBytes: MAX_GUIDE_BYTES,
};

/** Throws AppError where it cannot be had or used; what was had before stays in every case. */
export async function readGuide(spec: GuideSpec, deps: GuideDeps): Promise<GuideRead> {
  const today = dayOf(deps.clock.nowMs());
  const before = keptBefore(deps.database, spec.id, today);
  const answer = await open(spec, before, deps);
  if (answer === 'same') return { kind: 'same' };
  const { pieces, cancel, ...validators } = answer;
  using held = new DisposableStack();
  held.defer(cancel);
  held.use(lockImports(deps.dataDir));
  using crew = new ImportCrew(deps.second);
  using edition = new Edition(deps.database, deps.dataDir, spec.id, MAX_CHANNELS);
  const { signal } = deps;
  const text = unpacked(pieces, showPlace(spec.place));
  const problems = await fillEdition(edition, text, { signal, crew });
  const { programmes } = edition.counts;
  const amount = { programmes, ahead: edition.countFrom(today) };
  checkMayReplace(spec.place, amount, problems, before);
  const fetchedMs = deps.clock.nowMs();
  const counts = await edition.finish({ fetchedMs, problems, ...validators }, crew);
  return { kind: 'taken', ...counts, problems };
}

type Opened = {
  readonly pieces: AsyncIterable<Uint8Array>;
  /** To be called in the end, whether or not all of it was read. */
  readonly cancel: () => void;
  readonly etag?: string;
  readonly lastModified?: string;
};

async function open(
  { place, policy }: GuideSpec,
  before: BeforeIt | undefined,
  { outbound, signal, clock }: GuideDeps,
): Promise<Opened | 'same'> {
  if (!isUrl(place)) return { pieces: fileOf(place), cancel: () => {} };
  const validators = {
    ...(before?.etag ? { 'if-none-match': before.etag } : {}),
    ...(before?.lastModified ? { 'if-modified-since': before.lastModified } : {}),
  };
  const headers = { ...policy.headers, ...validators };
  const request = { url: place, policy: { ...policy, headers }, limits: LIMITS, signal };
  const response = await outbound({ ...request, compressed: true });
  if (response.status === 304 && before !== undefined) {
    response.cancel();
    return 'same';
  }
  if (response.status !== 200) {
    response.cancel();
    const message = `Cannot read guide from ${showPlace(place)}: status ${response.status}, wanted 200`;
    throw new GuideError('GUIDE_STATUS', message, { status: response.status });
  }
  const etag = response.headers.get('etag');
  const lastModified = response.headers.get('last-modified');
  return {
    pieces: steadyPieces(response.body, clock, showPlace(place)),
    cancel: () => response.cancel(),
    ...(etag === null ? {} : { etag }),
    ...(lastModified === null ? {} : { lastModified }),
  };
}

async function* fileOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* Bun.file(path).stream();
  } catch (error) {
    const message = `Cannot read guide from ${path}: ${whyUnreadable(error)}, wanted a file`;
    throw new GuideError('GUIDE_FILE', message, { path }, error);
  }
}
