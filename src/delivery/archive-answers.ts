// This file answers what is asked of archives: lists, bodies and days.
import type { Clock } from '../base/clock.ts';
import { PacedCollector } from '../base/paced-collector.ts';
import { formatMultivariantPlaylist } from '../media/m3u8/format-multivariant.ts';
import type { Relays } from '../prefetch/channel/relays.ts';
import type { AnswerKind, ArchiveAnswered } from '../recording/archive/archive-answered.ts';
import { ArchiveLists } from '../recording/archive/archive-lists.ts';
import type {
  ArchivedChannel,
  ArchivedRendition,
  Archives,
} from '../recording/archive/archived.ts';
import { awaitBody } from '../recording/archive/await-body.ts';
import { HeldDays } from '../recording/archive/held-days.ts';
import { findWanted, isoSecond, type Wanted } from '../recording/archive/wanted-span.ts';
import { onlyVariant, pickVariant } from '../source/pull/renditions.ts';
import { KEEP_MS, Keeper } from './archive-keep.ts';
import { pointedPlaylist } from './archive-multivariant.ts';
import { bodyResponse } from './body-response.ts';
import {
  type Problem,
  problemResponse,
  shown,
  unavailable,
  unknownChannel,
} from './error-response.ts';
import { isHead } from './head.ts';
import { CORS, LIVE_CACHE } from './headers.ts';
import { longListResponse, playlistResponse } from './playlist-response.ts';

export type ArchiveDeps = {
  readonly archives: Archives;
  readonly relays: Relays;
  readonly clock: Clock;
  readonly answered: ArchiveAnswered;
  /** Calls the collector. */
  readonly collect: () => void;
};

/** What it names is kept for as long, whoever asks for it then. */
const FINISHED_CACHE = `public, max-age=${KEEP_MS / 1000}`;
/** Days change with every segment, and nobody minds that. */
const DAYS_CACHE = 'public, max-age=10';

export class ArchiveAnswers {
  readonly #deps: ArchiveDeps;
  readonly #lists: ArchiveLists;
  readonly #days: HeldDays;
  readonly #keeper: Keeper;
  readonly collector: PacedCollector;

  constructor(deps: ArchiveDeps) {
    this.#deps = deps;
    this.#lists = new ArchiveLists(deps.clock);
    this.#days = new HeldDays(deps.clock);
    this.#keeper = new Keeper(() => deps.clock.nowMs());
    this.collector = new PacedCollector(deps.clock, deps.collect);
  }

  get nowMs(): number {
    return this.#deps.clock.nowMs();
  }

  /** Counts an answer by what came of it. */
  counted(kind: AnswerKind, answer: Response): Response {
    const { status } = answer;
    const what = status < 400 ? kind : status === 503 ? 'late' : 'none';
    this.#deps.answered[what]++;
    return answer;
  }

  /** The archive of a channel, or why there is none. */
  channel(id: string, request: Request): ArchivedChannel | Response {
    const { archives, relays } = this.#deps;
    const channel = archives.channel(id);
    if (channel !== undefined && channel.renditions.length > 0) return channel;
    const config = relays.config(id);
    if (channel !== undefined || config?.archive !== undefined) {
      return notHeld(id, 'nothing is stored yet', request);
    }
    if (config === undefined) return unknownChannel(id, request);
    return notHeld(id, 'it is not archived; `archive: 24h` of the channel does', request);
  }

  /**
   * The list of a channel; `base` is what leads from the list to the archive of the channel, with a
   * slash at its end, or empty.
   */
  async channelList(
    id: string,
    wanted: Wanted,
    height: number | undefined,
    base: string,
    request: Request,
  ): Promise<Response> {
    const channel = this.channel(id, request);
    if (channel instanceof Response) return channel;
    const { multivariant, renditions } = channel;
    const main = this.mainFor(channel, wanted);
    if (multivariant === undefined || main !== renditions[0]) {
      return this.#list(id, main, wanted, `${base}${main.id}/`, request);
    }
    const found = findWanted(main, wanted, this.nowMs);
    if (found.kind === 'none') return notHeld(id, found.why, request);
    const variant = height === undefined ? undefined : pickVariant(multivariant, height);
    const chosen = variant === undefined ? multivariant : onlyVariant(multivariant, variant);
    const text = formatMultivariantPlaylist(pointedPlaylist(chosen, base, wanted));
    return playlistResponse(text, request);
  }

  /**
   * The rendition that a player without choice plays; of a time when the channel was made of others,
   * as before its source was changed, one of those.
   */
  mainFor({ renditions }: ArchivedChannel, wanted: Wanted): ArchivedRendition {
    const [main] = renditions as [ArchivedRendition];
    const alike = renditions.filter(({ kind }) => kind === main.kind);
    const held = alike.find((each) => findWanted(each, wanted, this.nowMs).kind !== 'none');
    return held ?? main;
  }

  async renditionList(
    id: string,
    rendition: string,
    wanted: Wanted,
    request: Request,
  ): Promise<Response> {
    const found = this.rendition(id, rendition, request);
    return found instanceof Response ? found : this.#list(id, found, wanted, '', request);
  }

  rendition(id: string, rendition: string, request: Request): ArchivedRendition | Response {
    const channel = this.channel(id, request);
    if (channel instanceof Response) return channel;
    const found = channel.rendition(rendition);
    if (found !== undefined) return found;
    const message = `Cannot play ${shown(rendition)}: the archive has no such rendition`;
    const code = 'DELIVERY_UNKNOWN_RENDITION';
    return problemResponse({ status: 404, code, message }, request);
  }

  async #list(
    id: string,
    rendition: ArchivedRendition,
    wanted: Wanted,
    prefix: string,
    request: Request,
  ): Promise<Response> {
    const found = findWanted(rendition, wanted, this.nowMs);
    if (found.kind === 'none') return notHeld(id, found.why, request);
    const list = await this.#lists.list(`${id}/${rendition.id}`, rendition, found, prefix);
    if (list === undefined) return notHeld(id, 'nothing is stored of that time', request);
    if (list === 'too-long') return tooLong(request);
    const held =
      found.kind === 'span' ? found.span : { fromMs: found.endMs - KEEP_MS, toMs: found.endMs };
    this.#keeper.keep(`${id}/${rendition.id}`, rendition, held);
    return longListResponse(list.text, request, list.isFinished ? FINISHED_CACHE : LIVE_CACHE);
  }

  /** A name says for ever what it is of: held by whoever asked for it, gone or not. */
  async body(id: string, rendition: string, name: string, request: Request): Promise<Response> {
    const found = this.rendition(id, rendition, request);
    if (found instanceof Response) return found;
    const { clock } = this.#deps;
    const body = await (isHead(request)
      ? found.body(name)
      : awaitBody(found, name, clock, request.signal));
    if (body.kind === 'late') return unavailable('it is late', body.retryAfterS, request);
    if (body.kind === 'whole') this.collector.passed(body.body.size);
    if (body.kind === 'whole' && body.startMs !== undefined) {
      this.#keeper.keep(`${id}/${rendition}`, found, {
        fromMs: body.startMs,
        toMs: body.startMs + KEEP_MS,
      });
    }
    return bodyResponse(name, body, request);
  }

  async days(id: string, request: Request): Promise<Response> {
    const channel = this.channel(id, request);
    if (channel instanceof Response) {
      // Nothing yet is an answer here
      const { archives, relays } = this.#deps;
      const isKept = archives.channel(id) ?? relays.config(id)?.archive;
      return isKept !== undefined ? daysResponse({ channel: id, days: [] }) : channel;
    }
    const [main] = channel.renditions as [ArchivedRendition];
    const held = main.held();
    const span =
      held === undefined ? {} : { from: isoSecond(held.fromMs), to: isoSecond(held.toMs) };
    return daysResponse({
      channel: id,
      ...span,
      days: await this.#days.of(`${id}/${main.id}`, main),
    });
  }
}

function daysResponse(days: object): Response {
  return Response.json(days, { headers: { ...CORS, 'cache-control': DAYS_CACHE } });
}

export function notHeld(id: string, why: string, request: Request): Response {
  const message = `Cannot play ${shown(id)} from its archive: ${why}`;
  return problemResponse({ status: 404, code: 'DELIVERY_NOT_ARCHIVED', message }, request);
}

export function tooLong(request: Request): Response {
  const message = 'Cannot send it as one: it is of too many segments, wanted a shorter span';
  const problem: Problem = { status: 400, code: 'DELIVERY_PARAMETER', message };
  return problemResponse(problem, request);
}

export function badWanted(why: string, request: Request): Response {
  const message = `Cannot tell what of the archive is asked for: ${why}`;
  return problemResponse({ status: 400, code: 'DELIVERY_PARAMETER', message }, request);
}
