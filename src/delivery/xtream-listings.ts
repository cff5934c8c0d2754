// This file answers Xtream clients that ask for the programmes of a channel.
import type { ChannelConfig } from '../config/config.ts';
import type { ToldProgramme } from '../guide/programmes.ts';
import { guideIdOf } from '../lineup/guide-channels.ts';
import { listingOf } from '../lineup/xtream/listing.ts';
import { numberIn } from '../lineup/xtream/request.ts';
import type { Xtream } from '../lineup/xtream/xtream.ts';
import type { Archives } from '../recording/archive/archived.ts';
import { guideUnreadable } from './error-response.ts';
import { longJson, textsOf } from './long-answer.ts';
import { JSON_HEADERS, type XtreamSurface } from './xtream-surface.ts';

/** As panels have it, and no more than clients show. */
const SHORT_COUNT = 4;
const SHORT_COUNT_MAX = 100;
/** What comes next, of channels with long programmes. */
const SHORT_SPAN_MS = 2 * 86_400_000;
/** Guides keep yesterday, and what a channel keeps may be older. */
const TABLE_BACK_MS = 86_400_000;
/** As far ahead as most guides know. */
const TABLE_AHEAD_MS = 14 * 86_400_000;
/** Half-hour programmes of three weeks; each takes the thread of the guides half a millisecond. */
const TABLE_COUNT_MAX = 1000;
/** So that where programmes are short some of what has been is told, too. */
const AHEAD_COUNT_MAX = 600;
const DAY_MS = 86_400_000;

export async function listings(
  surface: XtreamSurface,
  action: 'get_short_epg' | 'get_simple_data_table',
  fields: URLSearchParams,
  request: Request,
): Promise<Response> {
  const { xtream, archives } = surface;
  const number = numberIn(fields.get('stream_id'));
  const row = number === undefined ? undefined : (await xtream.lineUp.live()).row(number);
  if (row === undefined) return Response.json({ epg_listings: [] }, { headers: JSON_HEADERS });
  const { item: channel, facts } = row;
  const { nowMs } = xtream;
  const short = { fromMs: nowMs, toMs: nowMs + SHORT_SPAN_MS, limit: countIn(fields) };
  try {
    const programmes =
      action === 'get_short_epg'
        ? await xtream.programmesOf(channel, short)
        : await tableOf(xtream, channel);
    const isHeld = heldIn(archives, channel.id);
    const about = { number: facts.number, guideId: guideIdOf(channel), nowMs, isHeld };
    const rows = programmes.map((programme) => listingOf(programme, about));
    return longJson(
      '{"epg_listings":[',
      textsOf(rows, (each) => each),
      ']}',
      JSON_HEADERS,
      request,
    );
  } catch (error) {
    return guideUnreadable(error, request);
  }
}

/** From now on, then day by day back: where there are too many the oldest are left out. */
async function tableOf(
  { programmesOf, nowMs }: Xtream,
  channel: ChannelConfig,
): Promise<readonly ToldProgramme[]> {
  const ask = (fromMs: number, toMs: number, limit: number) =>
    programmesOf(channel, { fromMs, toMs, limit });
  const oldestMs = nowMs - Math.max(TABLE_BACK_MS, channel.archive?.keepMs ?? 0);
  let told = await ask(nowMs, nowMs + TABLE_AHEAD_MS, AHEAD_COUNT_MAX);
  for (let toMs = nowMs; toMs > oldestMs && told.length < TABLE_COUNT_MAX; toMs -= DAY_MS) {
    const day = await ask(Math.max(oldestMs, toMs - DAY_MS), toMs, TABLE_COUNT_MAX);
    // What goes on into the next day, or is on, is told already
    const known = new Set(told.map(({ id }) => id));
    const fresh = day.filter(({ id }) => !known.has(id));
    told = [...fresh.slice(-(TABLE_COUNT_MAX - told.length)), ...told];
  }
  return told;
}

function countIn(fields: URLSearchParams): number {
  const limit = numberIn(fields.get('limit')) ?? SHORT_COUNT;
  return Math.min(limit === 0 ? SHORT_COUNT : limit, SHORT_COUNT_MAX);
}

/** Whether it began while the archive held what was shown, and something of it is held. */
function heldIn(archives: Archives, id: string): (fromMs: number, toMs: number) => boolean {
  const main = archives.channel(id)?.renditions[0];
  const held = main?.held();
  if (main === undefined || held === undefined) return () => false;
  const slackMs = main.targetDurationS * 1000;
  return (fromMs, toMs) =>
    fromMs >= held.fromMs - slackMs &&
    fromMs < held.toMs &&
    main.segments({ fromMs, toMs }, 1).length > 0;
}
