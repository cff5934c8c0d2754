// This file answers with what was on, by the time at which the guide has it begin.
import { Elysia } from 'elysia';
import type { Guides } from '../guide/guides.ts';
import { programmesOf } from '../lineup/guide-channels.ts';
import { parseXmltvTime } from '../media/xmltv/time.ts';
import type { Relays } from '../prefetch/channel/relays.ts';
import { SPAN_MAX_MS, type Wanted } from '../recording/archive/wanted-span.ts';
import { type ArchiveAnswers, badWanted } from './archive-answers.ts';
import type { ArchiveFiles } from './archive-file.ts';
import { parseLength, parseTime } from './archive-query.ts';
import {
  badQuality,
  guideUnreadable,
  problemResponse,
  shown,
  unknownChannel,
} from './error-response.ts';
import { parseHeight, queryOf } from './query.ts';

export type ArchiveProgrammeDeps = {
  readonly relays: Relays;
  readonly guides: Guides;
  readonly answers: ArchiveAnswers;
  readonly files: ArchiveFiles;
  /** Where the request says nothing. */
  readonly pad: () => Pads;
};

type Span = Extract<Wanted, { kind: 'span' }>;

/** More than that is another programme. */
const PAD_MAX_MS = 60 * 60_000;
/** What a player calls the time may have lost its seconds. */
const NEAR_MS = 60_000;

/** `{start}`: Unix seconds, a time of RFC 3339 or of XMLTV; `.m3u8` is meant where it has no ending. */
export function archiveProgrammePlugin(deps: ArchiveProgrammeDeps) {
  return new Elysia({ name: 'archive-programme' }).get(
    '/archive/:channel/programme/:start',
    ({ params, request }) => answer(deps, params.channel, params.start, request),
  );
}

async function answer(
  deps: ArchiveProgrammeDeps,
  id: string,
  written: string,
  request: Request,
): Promise<Response> {
  const { answers, files } = deps;
  const isFile = written.endsWith('.ts');
  const startMs = startIn(written.replace(/\.(?:ts|m3u8)$/, ''));
  if (startMs === undefined) return badWanted(START_WANTED, request);
  const pads = padsIn(queryOf(request.url)?.get('pad') ?? '', deps.pad());
  if (pads === undefined) return badWanted(PAD_WANTED, request);
  const span = await spanOf(deps, id, startMs, pads, request);
  if (span instanceof Response) return answers.counted(isFile ? 'file' : 'list', span);
  if (isFile) return await files.answerSpan(id, span, request);
  const height = parseHeight(queryOf(request.url) ?? new URLSearchParams());
  if (height === 'invalid') return badQuality(request);
  const list = await answers.channelList(id, span, height, '../', request);
  return answers.counted('list', list);
}

const START_WANTED =
  'wanted the time the programme begins, in Unix seconds, as 2026-11-21T20:00:00Z or as 20261121200000';
const PAD_WANTED =
  'pad: wanted a length up to 1h such as ?pad=2m, or one before and one after it: ?pad=1m,5m';

async function spanOf(
  { relays, guides, answers }: ArchiveProgrammeDeps,
  id: string,
  startMs: number,
  { beforeMs, afterMs }: Pads,
  request: Request,
): Promise<Span | Response> {
  const config = relays.config(id);
  if (config === undefined) return unknownChannel(id, request);
  if (!guides.hasAny) return noProgramme(id, 'no guide has come', request);
  try {
    const around = { fromMs: startMs - NEAR_MS, toMs: startMs + NEAR_MS, limit: 50 };
    const near = await programmesOf(guides, config, around);
    const distance = (each: { readonly startMs: number }) => Math.abs(each.startMs - startMs);
    const [found] = near
      .filter((each) => distance(each) < NEAR_MS)
      .sort((a, b) => distance(a) - distance(b));
    if (found === undefined) {
      const at = new Date(startMs).toISOString();
      const why =
        near.length > 0 ? `no programme begins at ${at}` : `the guide has nothing at ${at}`;
      return noProgramme(id, why, request);
    }
    if (found.startMs > answers.nowMs) return noProgramme(id, 'it has not begun yet', request);
    const fromMs = found.startMs - beforeMs;
    // What is still on is had as far as it has come
    const toMs = Math.min(found.stopMs + afterMs, answers.nowMs, fromMs + SPAN_MAX_MS);
    return { kind: 'span', fromMs, toMs };
  } catch (error) {
    return guideUnreadable(error, request);
  }
}

/** Of XMLTV first: its fourteen digits are no seconds of ours. */
function startIn(text: string): number | undefined {
  return /^\d{12,14}(?!\d)/.test(text)
    ? parseXmltvTime(text.replace(/ (\d{4})$/, '+$1'))
    : parseTime(text);
}

type Pads = { readonly beforeMs: number; readonly afterMs: number };

/** One length is before and after it; two are each. */
function padsIn(text: string, pads: Pads): Pads | undefined {
  if (text === '') return pads;
  const lengths = text.split(',').map(parseLength);
  const [beforeMs, afterMs = beforeMs] = lengths;
  if (beforeMs === undefined || afterMs === undefined || lengths.includes(undefined)) {
    return undefined;
  }
  const isGood = lengths.length <= 2 && beforeMs <= PAD_MAX_MS && afterMs <= PAD_MAX_MS;
  return isGood ? { beforeMs, afterMs } : undefined;
}

function noProgramme(id: string, why: string, request: Request): Response {
  const message = `Cannot find the programme of ${shown(id)}: ${why}`;
  return problemResponse({ status: 404, code: 'DELIVERY_NO_PROGRAMME', message }, request);
}
