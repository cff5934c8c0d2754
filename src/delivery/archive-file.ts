// This file answers with a stretch of an archive as one MPEG-TS file, or a part of it.
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type {
  ArchivedChannel,
  ArchivedRendition,
  TimeSpan,
} from '../recording/archive/archived.ts';
import { LearntMarks } from '../recording/archive/learnt-marks.ts';
import { PieceReads } from '../recording/archive/piece-reads.ts';
import type { TransportFile } from '../recording/archive/transport-file.ts';
import { planTransportFile } from '../recording/archive/transport-plan.ts';
import { findWanted, isoSecond, type Wanted } from '../recording/archive/wanted-span.ts';
import { renditionIdIn, soundOfVariant } from '../source/pull/renditions.ts';
import { type ArchiveAnswers, badWanted, notHeld, tooLong } from './archive-answers.ts';
import { wantedIn } from './archive-query.ts';
import { matchesEtag } from './body-response.ts';
import { problemResponse, shown, unavailable } from './error-response.ts';
import { isHead } from './head.ts';
import { CORS } from './headers.ts';
import { queryOf } from './query.ts';
import { parseRange } from './range.ts';
import type { SendSized } from './sized-answer.ts';
import { watchedBody } from './watched-body.ts';

const SUFFIX = '.ts';

export function isFile(name: string): boolean {
  return name.endsWith(SUFFIX);
}

export type ArchiveFilesDeps = {
  readonly clock: Clock;
  readonly log: Log;
  readonly send: SendSized;
};

export class ArchiveFiles {
  readonly #answers: ArchiveAnswers;
  readonly #deps: ArchiveFilesDeps;
  readonly #learnt = new LearntMarks();
  readonly #reads: PieceReads;

  constructor(answers: ArchiveAnswers, deps: ArchiveFilesDeps) {
    this.#answers = answers;
    this.#deps = deps;
    this.#reads = new PieceReads(deps.clock);
  }

  async answer(name: string, request: Request): Promise<Response> {
    const id = name.slice(0, -SUFFIX.length);
    const { nowMs } = this.#answers;
    const wanted = wantedIn(queryOf(request.url), nowMs);
    if (wanted.kind === 'wrong') return badWanted(wanted.why, request);
    if (wanted.kind !== 'span') return badWanted('wanted ?from=&to= of a file', request);
    return await this.answerSpan(id, wanted, request);
  }

  /** `left` is called once a viewer that was sent some of it has gone. */
  async answerSpan(
    id: string,
    wanted: Extract<Wanted, { readonly kind: 'span' }>,
    request: Request,
    left = () => {},
  ): Promise<Response> {
    const { nowMs } = this.#answers;
    const channel = this.#answers.channel(id, request);
    if (channel instanceof Response) return this.#answers.counted('file', channel);
    const main = this.#answers.mainFor(channel, wanted);
    const found = findWanted(main, wanted, nowMs);
    if (found.kind !== 'span') {
      const why = found.kind === 'none' ? found.why : '';
      return this.#answers.counted('file', notHeld(id, why, request));
    }
    const sound = soundBeside(channel, main);
    return await this.#planned(id, { main, sound }, found.span, request, left);
  }

  async #planned(
    id: string,
    { main, sound }: { main: ArchivedRendition; sound: ArchivedRendition | undefined },
    span: TimeSpan,
    request: Request,
    left: () => void,
  ): Promise<Response> {
    const { clock, log } = this.#deps;
    try {
      const planned = await planTransportFile(main, sound, span, {
        clock,
        learnt: this.#learnt,
        place: id,
        reads: this.#reads,
        signal: request.signal,
        collector: this.#answers.collector,
      });
      switch (planned.kind) {
        case 'empty':
          return notHeld(id, 'all of that time was lost', request);
        case 'too-long':
          return tooLong(request);
        case 'other-form':
          return otherForm(id, planned.why, request);
        case 'file':
          return this.#sent(id, planned.file, span.fromMs, request, left);
      }
    } catch (error) {
      log.warn('archive not sent as a file', { channel: id, error });
      const late = unavailable('a part of it is not to be had', 5, request);
      return this.#answers.counted('file', late);
    }
  }

  #sent(
    id: string,
    file: TransportFile,
    fromMs: number,
    request: Request,
    left: () => void,
  ): Response | Promise<Response> {
    const etag = `"${file.tag}"`;
    const headers: Record<string, string> = {
      ...CORS,
      'content-type': 'video/mp2t',
      // What is stored may still grow, or be lost: to be asked about, and then by its tag
      'cache-control': 'no-cache',
      'accept-ranges': 'bytes',
      'content-disposition': `inline; filename="${id}-${isoSecond(fromMs).replaceAll(':', '')}.ts"`,
      etag,
    };
    if (matchesEtag(request.headers.get('if-none-match'), etag)) {
      return new Response(null, { status: 304, headers });
    }
    const range = parseRange(rangeWanted(request, etag), file.sizeBytes);
    if (range === 'unsatisfiable') {
      const contentRange = { 'content-range': `bytes */${file.sizeBytes}` };
      const message = `Cannot send the range: the file has ${file.sizeBytes} bytes`;
      const code = 'DELIVERY_RANGE';
      return problemResponse({ status: 416, code, message, headers: contentRange }, request);
    }
    const { first, last } = range ?? { first: 0, last: file.sizeBytes - 1 };
    const status = range === undefined ? 200 : 206;
    if (range !== undefined) headers['content-range'] = `bytes ${first}-${last}/${file.sizeBytes}`;
    const sizeBytes = last - first + 1;
    if (isHead(request)) {
      return new Response(null, {
        status,
        headers: { ...headers, 'content-length': String(sizeBytes) },
      });
    }
    const body = watchedBody(file.bytes(first, last), (error) => {
      if (error !== undefined) this.#deps.log.warn('archive broken off', { channel: id, error });
      left();
    });
    // Counted when it begins: it may take hours
    this.#answers.counted('file', new Response(null, { status }));
    return this.#deps.send({ request, status, headers, sizeBytes, body });
  }
}

/** What a player without choice hears, where that is not within the pictures. */
function soundBeside(
  { multivariant, rendition, renditions }: ArchivedChannel,
  main: ArchivedRendition,
): ArchivedRendition | undefined {
  const isOffered = multivariant?.variants.some(({ uri }) => renditionIdIn(uri) === main.id);
  if (multivariant !== undefined && isOffered) {
    const sound = soundOfVariant(multivariant, main.id);
    return sound === undefined ? undefined : rendition(sound.id);
  }
  // Of another time of the channel nothing says what belonged together
  if (main.kind !== 'video') return undefined;
  return renditions.find(({ kind }) => kind === 'audio');
}

// RFC 9110 §13.1.5: a part only of what the client has the rest of, by its strong tag
function rangeWanted({ headers }: Request, etag: string): string | null {
  const held = headers.get('if-range');
  return held === null || held.trim() === etag ? headers.get('range') : null;
}

function otherForm(id: string, why: string, request: Request): Response {
  const { search } = new URL(request.url);
  const message = `Cannot send ${shown(id)} as one .ts: ${why}; wanted /archive/${id}/index.m3u8${search}`;
  return problemResponse({ status: 406, code: 'DELIVERY_FORM', message }, request);
}
