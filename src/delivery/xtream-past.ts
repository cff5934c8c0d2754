// This file plays what channels have shown to Xtream clients, from their archives.
import type { User } from '../access/user.ts';
import { numberIn, type StreamName, spanIn } from '../lineup/xtream/request.ts';
import type { TimeSpan } from '../recording/archive/archived.ts';
import { badWanted } from './archive-answers.ts';
import { wantedIn } from './archive-query.ts';
import { fieldsOf } from './form.ts';
import { isHead } from './head.ts';
import { queryOf } from './query.ts';
import { found } from './unbuffered.ts';
import { channelIn, isWatching } from './xtream-stream.ts';
import {
  admitted,
  inPlace,
  pathPrefix,
  streamAsked,
  tooMany,
  unknownAddress,
  unknownStream,
  type XtreamSurface,
} from './xtream-surface.ts';

export type PastParams = {
  readonly user: string;
  readonly password: string;
  readonly minutes: string;
  readonly start: string;
  readonly stream: string;
};

type Stretch = StreamName & { readonly span: TimeSpan };

/** `/timeshift/{user}/{password}/{minutes}/{start}/{number}.ts` or `.m3u8`. */
export async function pastStream(
  surface: XtreamSurface,
  { user: name, password, minutes, start, stream }: PastParams,
  request: Request,
): Promise<Response> {
  const asked = await streamAsked(surface, name, password, stream, request);
  if (asked instanceof Response) return asked;
  const { user, wanted } = asked;
  const span = spanIn(minutes, start);
  if (span === undefined) return badSpan(request);
  const answer = await played(surface, user, { ...wanted, span }, request);
  // Where it is not to be had as one file it is as a list, at the address beside it
  return answer.status === 406 ? found(`${wanted.number}.m3u8`) : answer;
}

/** `/past/{user}/{password}/{number}.ts?from=&to=`: as our line-ups have it, in any zone. */
export async function pastByTimes(
  surface: XtreamSurface,
  name: string,
  password: string,
  stream: string,
  request: Request,
): Promise<Response> {
  const asked = await streamAsked(surface, name, password, stream, request);
  if (asked instanceof Response) return asked;
  const { user, wanted } = asked;
  const span = wantedIn(queryOf(request.url), surface.xtream.nowMs);
  if (span.kind === 'wrong') return badWanted(span.why, request);
  if (span.kind !== 'span') return badWanted('wanted ?from=&to=', request);
  const answer = await played(surface, user, { ...wanted, span }, request);
  if (answer.status !== 406) return answer;
  const { search } = new URL(request.url);
  return found(`${wanted.number}.m3u8${search}`);
}

/** The same as fields; `extension` says in what form. */
export async function pastByFields(surface: XtreamSurface, request: Request): Promise<Response> {
  const fields = await fieldsOf(request);
  const text = (name: string): string => fields.get(name) ?? '';
  const user = await admitted(surface, text('username'), text('password'), request);
  if (user instanceof Response) return user;
  const number = numberIn(text('stream').replace(/\.(?:ts|m3u8)$/, ''));
  if (number === undefined) return unknownAddress(request);
  const span = spanIn(text('duration'), text('start'));
  if (span === undefined) return badSpan(request);
  const isList = text('extension') === 'm3u8' || text('stream').endsWith('.m3u8');
  const form = isList ? 'm3u8' : 'ts';
  const answer = await played(surface, user, { number, form, span }, request);
  if (answer.status !== 406) return answer;
  return await played(surface, user, { number, form: 'm3u8', span }, request);
}

async function played(
  surface: XtreamSurface,
  user: User,
  { number, form, span }: Stretch,
  request: Request,
): Promise<Response> {
  const channel = await channelIn(surface, number);
  if (channel === undefined) return unknownStream(number, request);
  const { id } = channel;
  const wanted = { kind: 'span', fromMs: span.fromMs, toMs: span.toMs } as const;
  if (form === 'ts') return await asFile(surface, user, id, wanted, request);
  if (!isHead(request) && !(await isWatching(surface, user, id, request))) {
    return tooMany(user, request);
  }
  const base = `${pathPrefix(surface)}/archive/${id}/`;
  const { archive } = surface;
  const list = await archive.channelList(id, wanted, undefined, base, request);
  return archive.counted('list', list);
}

async function asFile(
  surface: XtreamSurface,
  user: User,
  id: string,
  wanted: TimeSpan & { readonly kind: 'span' },
  request: Request,
): Promise<Response> {
  const { files } = surface;
  if (isHead(request)) return await files.answerSpan(id, wanted, request);
  return await inPlace(surface, user, { kind: 'past', what: id }, request, (left) =>
    files.answerSpan(id, wanted, request, left),
  );
}

function badSpan(request: Request): Response {
  return badWanted('wanted minutes, and a beginning such as 2026-01-01:20-00 in UTC', request);
}
