// This file writes the line-up and the guide of an Xtream user, with its password in every address.
import type { ChannelConfig, LogoMode } from '../config/config.ts';
import { LINE_UP_TYPE, toEntry } from '../lineup/line-up.ts';
import { logoUrlOf } from '../lineup/logos/logo-url.ts';
import { archiveDaysOf } from '../lineup/xtream/live-stream.ts';
import type { Row } from '../lineup/xtream/numbered-line-up.ts';
import type { M3uEntry, StreamForm } from '../media/m3u/entry.ts';
import { m3uParts, plainM3uParts } from '../media/m3u/format.ts';
import { badHost } from './error-response.ts';
import { fieldsOf } from './form.ts';
import { guide } from './guide.ts';
import { headResponse, isHead } from './head.ts';
import { longText } from './long-answer.ts';
import { modeOf } from './xtream-stream.ts';
import { admitted, baseOf, PRIVATE, type XtreamSurface } from './xtream-surface.ts';

const LINE_UP_HEADERS = {
  ...PRIVATE,
  'content-type': LINE_UP_TYPE,
  'content-disposition': 'attachment; filename="weir.m3u"',
};

/**
 * `output=` says in what form channels are: ts where it is absent, as panels have it; `type=m3u` that
 * names and addresses are enough.
 */
export async function userLineUp(surface: XtreamSurface, request: Request): Promise<Response> {
  const { xtream } = surface;
  const base = baseOf(surface, request);
  if (base === undefined) return badHost('the line-up', request);
  const fields = await fieldsOf(request);
  const username = fields.get('username') ?? '';
  const password = fields.get('password') ?? '';
  const user = await admitted(surface, username, password, request);
  if (user instanceof Response) return user;
  if (isHead(request)) return headResponse(LINE_UP_HEADERS);
  const form = /^(?:m3u8|hls)$/i.test(fields.get('output') ?? '') ? 'hls' : 'ts';
  const credentials = `${encodeURIComponent(username)}/${encodeURIComponent(password)}`;
  const entryOf = entriesIn(base, credentials, form, surface.logoMode());
  const query = new URLSearchParams({ username, password });
  const guideUrl = surface.guide.guides.isEmpty ? {} : { guideUrl: `${base}/xmltv.php?${query}` };
  const entries = (await xtream.lineUp.live()).rows().map(entryOf);
  const isPlain = fields.get('type') === 'm3u';
  const parts = isPlain ? plainM3uParts(entries) : m3uParts({ entries, ...guideUrl });
  return longText(parts, LINE_UP_HEADERS, request);
}

function entriesIn(base: string, credentials: string, form: StreamForm, logoMode: LogoMode) {
  const extension = form === 'ts' ? 'ts' : 'm3u8';
  return ({ item, facts }: Row<ChannelConfig>): M3uEntry => {
    const stream = `${credentials}/${facts.number}.${extension}`;
    const days = archiveDaysOf(item);
    const isShiftable = form === 'hls' && modeOf(item, 'm3u8') === 'buffered';
    // By seconds: the dates of a panel would be filled in by the zone of the box
    const catchup = { url: `${base}/past/${stream}`, days, isShiftable };
    return {
      ...toEntry(item, `${base}/live/${stream}`, logoUrlOf(item, base, logoMode)),
      form,
      ...(days === 0 ? {} : { catchup }),
    };
  };
}

/** The same as /epg.xml, but for this client alone: it may ask whether it has changed. */
export async function userGuide(surface: XtreamSurface, request: Request): Promise<Response> {
  const fields = await fieldsOf(request);
  const [name, password] = [fields.get('username') ?? '', fields.get('password') ?? ''];
  const user = await admitted(surface, name, password, request);
  if (user instanceof Response) return user;
  const answer = await guide(surface.guide, request, 'xml');
  if (answer.status < 400) answer.headers.set('cache-control', 'private, no-cache');
  return answer;
}
