// This file answers the questions of Xtream clients: who they are, what there is, what is on.
import { errorRecord } from '../base/errors.ts';
import { categoryNumber } from '../lineup/xtream/category.ts';
import { filmInfoOf, filmStreamOf } from '../lineup/xtream/film.ts';
import { liveStreamOf } from '../lineup/xtream/live-stream.ts';
import { DENIED, type Login, loginOf } from '../lineup/xtream/login.ts';
import { type Action, actionOf, numberIn } from '../lineup/xtream/request.ts';
import { seriesInfoOf, seriesRowOf } from '../lineup/xtream/series.ts';
import { badHost, notNow } from './error-response.ts';
import { fieldsOf } from './form.ts';
import { headResponse, isHead } from './head.ts';
import { longJson, textsOf } from './long-answer.ts';
import { listings } from './xtream-listings.ts';
import {
  baseOf,
  crowded,
  JSON_HEADERS,
  logoIn,
  peerOf,
  type XtreamSurface,
} from './xtream-surface.ts';

export type Api = 'player' | 'panel';

export async function apiAnswer(
  surface: XtreamSurface,
  api: Api,
  request: Request,
): Promise<Response> {
  const { xtream } = surface;
  const baseUrl = baseOf(surface, request);
  if (baseUrl === undefined) return badHost('the address', request);
  const fields = await fieldsOf(request);
  const username = fields.get('username') ?? '';
  const password = fields.get('password') ?? '';
  const checked = await xtream.check(username, password, peerOf(surface, request));
  if (checked.kind === 'refused' && checked.why === 'busy') return crowded(request);
  if (isHead(request)) return headResponse(JSON_HEADERS);
  const user = checked.user;
  if (user === undefined) return json(DENIED);
  const activeCount = xtream.connections.activeCount(user.name);
  const facts = { username, password, user, activeCount, baseUrl, nowMs: xtream.nowMs };
  // Who has expired is told so whatever he asks for
  if (checked.kind === 'refused') return json(loginOf({ ...facts, refusal: checked.why }));
  const action = actionOf(fields.get('action'));
  if (action !== 'login') return await answered(surface, action, fields, baseUrl, request);
  const login = loginOf(facts);
  return api === 'player'
    ? json(login)
    : await panel(surface, login, logoIn(surface, baseUrl), request);
}

async function answered(
  surface: XtreamSurface,
  action: Exclude<Action, 'login'>,
  fields: URLSearchParams,
  baseUrl: string,
  request: Request,
): Promise<Response> {
  const { lineUp } = surface.xtream;
  const category = categoryIn(fields);
  switch (action) {
    case 'get_live_categories':
      return json((await lineUp.live()).categories());
    case 'get_live_streams': {
      const rows = (await lineUp.live()).rows(category);
      const logoOf = logoIn(surface, baseUrl);
      return list(rows, request, ({ item, facts }) => liveStreamOf(item, facts, logoOf(item)));
    }
    case 'get_vod_categories':
      return json((await lineUp.films()).categories());
    case 'get_vod_streams':
      return list((await lineUp.films()).rows(category), request, ({ item, facts }) =>
        filmStreamOf(item, facts),
      );
    case 'get_vod_info':
      return await filmInfo(surface, fields);
    case 'get_series_categories':
      return json((await lineUp.series()).categories());
    case 'get_series':
      return list((await lineUp.series()).rows(category), request, ({ item, facts }) =>
        seriesRowOf(item, facts),
      );
    case 'get_series_info':
      return await seriesInfo(surface, fields, request);
    case 'get_short_epg':
    case 'get_simple_data_table':
      return await listings(surface, action, fields, request);
  }
}

/** Nothing is in a category that is no number; all where none is named. */
function categoryIn(fields: URLSearchParams): number | undefined {
  const written = fields.get('category_id') ?? '';
  return written === '' || written === '*' ? undefined : (numberIn(written) ?? 0);
}

async function filmInfo({ xtream }: XtreamSurface, fields: URLSearchParams): Promise<Response> {
  const number = numberIn(fields.get('vod_id'));
  const row = number === undefined ? undefined : (await xtream.lineUp.films()).row(number);
  if (row === undefined) return json(filmInfoOf({ ...NONE, extension: '' }, NO_FACTS));
  return json(filmInfoOf(await xtream.lineUp.details(row.item), row.facts));
}

/** Of a film or a series that is not there: strict clients want the keys all the same. */
const NONE = { id: '', name: '' };
const NO_FACTS = { place: 0, number: 0, category: categoryNumber(0), addedS: 0 };

async function seriesInfo(
  { xtream }: XtreamSurface,
  fields: URLSearchParams,
  request: Request,
): Promise<Response> {
  const number = numberIn(fields.get('series_id') ?? fields.get('series'));
  const row = number === undefined ? undefined : (await xtream.lineUp.series()).row(number);
  if (row === undefined) return json(seriesInfoOf(NONE, NO_FACTS, []));
  try {
    const episodes = await xtream.lineUp.episodes(row.item);
    return json(seriesInfoOf(row.item, row.facts, episodes));
  } catch (error) {
    return notNow(`its episodes are not to be had (${errorRecord(error).code})`, 10, request);
  }
}

/** What players of the first panels ask for: everything live in one document. */
async function panel(
  { xtream }: XtreamSurface,
  login: Login,
  logoOf: ReturnType<typeof logoIn>,
  request: Request,
): Promise<Response> {
  const { lineUp } = xtream;
  const live = await lineUp.live();
  const categories = {
    live: live.categories(),
    movie: (await lineUp.films()).categories(),
    series: (await lineUp.series()).categories(),
  };
  const head = JSON.stringify({ ...login, categories });
  const names = new Map(categories.live.map((each) => [each.category_id, each.category_name]));
  const members = textsOf(
    live.rows(),
    ({ item, facts }) => panelRow(liveStreamOf(item, facts, logoOf(item)), names),
    ({ facts }) => `${JSON.stringify(String(facts.number))}:`,
  );
  return longJson(
    `${head.slice(0, -1)},"available_channels":{`,
    members,
    '}}',
    JSON_HEADERS,
    request,
  );
}

function panelRow(row: ReturnType<typeof liveStreamOf>, names: ReadonlyMap<string, string>) {
  return {
    ...row,
    type_name: 'Live Streams',
    category_name: names.get(row.category_id) ?? '',
    series_no: null,
    live: '1',
    container_extension: 'ts',
  };
}

function list<T>(rows: Iterable<T>, request: Request, write: (row: T) => object): Response {
  return longJson('[', textsOf(rows, write), ']', JSON_HEADERS, request);
}

function json(document: object): Response {
  return Response.json(document, { headers: JSON_HEADERS });
}
