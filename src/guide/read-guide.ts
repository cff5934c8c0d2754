// This file reads a guide from where it lies into a new edition.
import type { Database } from 'bun:sqlite';
import type { Clock } from '../base/clock.ts';
import { isUrl, showPlace } from '../base/place.ts';
import { othersTurn } from '../base/turn.ts';
import { safeText } from '../media/m3u/safe-text.ts';
import { parseGuideChannel } from '../media/xmltv/channel.ts';
import { createXmltvDecoder } from '../media/xmltv/decode.ts';
import { parseProgramme } from '../media/xmltv/parse-programme.ts';
import { createXmltvSlicer } from '../media/xmltv/slicer.ts';
import type { Outbound, OutboundPolicy } from '../net/outbound.ts';
import { Edition, type EditionCounts } from './edition.ts';
import { GuideError } from './errors.ts';
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
};

export type GuideRead =
  | ({ readonly kind: 'taken' } & EditionCounts & {
        readonly problems: Readonly<Record<string, number>>;
      })
  /** The server says that it is what we have. */
  | { readonly kind: 'same' };

/** Text parsed at a time: some ten milliseconds of work. */
const STEP_BYTES = 64 * 1024;
const LIMITS = {
  connectMs: 10_000,
  firstByteMs: 60_000, // some servers make the guide when it is asked for
  betweenBytesMs: 30_000,
  totalMs: 15 * 60_000,
  maxBytes: MAX_GUIDE_BYTES,
};

/** Far beyond the largest aggregators, which have some 15,000 channels and 3 million programmes. */
const MAX_CHANNELS = 100_000;
const MAX_PROGRAMMES = 10_000_000;
/** One that shrinks below this share of itself is half an answer. */
const LEAST_SHARE = 0.5;

/** Throws AppError where it cannot be had or used; what was had before stays in every case. */
export async function readGuide(spec: GuideSpec, deps: GuideDeps): Promise<GuideRead> {
  const before = known(deps.database, spec.id);
  const answer = await open(spec, before, deps);
  if (answer === 'same') return { kind: 'same' };
  const { pieces, ...validators } = answer;
  using edition = new Edition(deps.database, deps.dataDir, spec.id);
  const problems = await fill(edition, unpacked(pieces, showPlace(spec.place)), deps.signal);
  const { programmes } = edition.counts;
  checkSize(spec.place, programmes, before?.programmes ?? 0);
  const fetchedMs = deps.clock.nowMs();
  const counts = await edition.finish({ fetchedMs, problems, ...validators });
  return { kind: 'taken', ...counts, problems };
}

type Known = {
  readonly etag: string | null;
  readonly lastModified: string | null;
  readonly programmes: number;
};

function known(database: Database, id: string): Known | null {
  return database
    .query<Known, [string]>(
      'SELECT etag, last_modified AS lastModified, programmes FROM guide WHERE id = ?',
    )
    .get(id);
}

type Opened = {
  readonly pieces: AsyncIterable<Uint8Array>;
  readonly etag?: string;
  readonly lastModified?: string;
};

async function open(
  { place, policy }: GuideSpec,
  before: Known | null,
  { outbound, signal }: GuideDeps,
): Promise<Opened | 'same'> {
  if (!isUrl(place)) return { pieces: fileOf(place) };
  const validators = {
    ...(before?.etag ? { 'if-none-match': before.etag } : {}),
    ...(before?.lastModified ? { 'if-modified-since': before.lastModified } : {}),
  };
  const headers = { ...policy.headers, ...validators };
  const request = { url: place, policy: { ...policy, headers }, limits: LIMITS, signal };
  const response = await outbound({ ...request, compressed: true });
  if (response.status === 304 && before !== null) {
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
    pieces: response.body,
    ...(etag === null ? {} : { etag }),
    ...(lastModified === null ? {} : { lastModified }),
  };
}

async function* fileOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* Bun.file(path).stream();
  } catch (error) {
    const { code } = error as { readonly code?: string };
    const message = `Cannot read guide from ${path}: ${code ?? 'it cannot be opened'}`;
    throw new GuideError('GUIDE_FILE', message, { path }, error);
  }
}

/** Returns what was left out, by why. */
async function fill(
  edition: Edition,
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<Readonly<Record<string, number>>> {
  const problems: Record<string, number> = {};
  const problem = (kind: string) => {
    problems[kind] = (problems[kind] ?? 0) + 1;
  };
  const slicer = createXmltvSlicer({
    take: (...slice) => taken(edition, problem, ...slice),
    problem,
  });
  const decoder = createXmltvDecoder();
  for await (const piece of pieces) {
    // Whoever asks this thread for a guide meanwhile waits for one piece at most
    for (let at = 0; at < piece.length; at += STEP_BYTES) {
      slicer.push(decoder.push(piece.subarray(at, at + STEP_BYTES)));
      await othersTurn();
    }
    signal.throwIfAborted();
  }
  slicer.push(decoder.end());
  slicer.end();
  return problems;
}

function taken(
  edition: Edition,
  problem: (kind: string) => void,
  kind: 'channel' | 'programme',
  text: string,
): void {
  const refused = kind === 'channel' ? takeChannel(edition, text) : takeProgramme(edition, text);
  if (refused !== undefined) problem(refused);
}

/** By the id that a line-up has: there are characters that none can hold. */
function takeChannel(edition: Edition, text: string): string | undefined {
  const channel = parseGuideChannel(text);
  if (channel === undefined) return 'channel-unusable';
  if (edition.counts.channels >= MAX_CHANNELS) return 'too-many-channels';
  edition.addChannel({ ...channel, id: safeText(channel.id) });
  return undefined;
}

function takeProgramme(edition: Edition, text: string): string | undefined {
  const programme = parseProgramme(text);
  if (typeof programme === 'string') return programme;
  if (edition.counts.programmes >= MAX_PROGRAMMES) return 'too-many-programmes';
  edition.addProgramme({ ...programme, channel: safeText(programme.channel) });
  return undefined;
}

function checkSize(place: string, programmes: number, before: number): void {
  if (programmes === 0) {
    const message = `Cannot take guide from ${showPlace(place)}: no programme in it can be used`;
    throw new GuideError('GUIDE_EMPTY', message);
  }
  if (programmes < before * LEAST_SHARE) {
    const message = `Cannot take guide from ${showPlace(place)}: ${programmes} programmes, wanted at least half of the ${before} it had`;
    throw new GuideError('GUIDE_SHRUNK', message, { programmes, before });
  }
}
