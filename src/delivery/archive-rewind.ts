// This file answers a live playlist that is asked for as it was.
import { type ArchiveAnswers, badWanted } from './archive-answers.ts';
import { wantedIn } from './archive-query.ts';
import { badQuality } from './error-response.ts';
import { parseHeight } from './query.ts';

/**
 * `base` stands before the URIs of the live playlist: empty, or it ends in the channel's folder
 * there. Its archive lies beside that.
 */
export async function rewound(
  archive: ArchiveAnswers,
  id: string,
  query: URLSearchParams,
  request: Request,
  base: string,
): Promise<Response> {
  const wanted = wantedIn(query, archive.nowMs);
  if (wanted.kind === 'wrong') return badWanted(wanted.why, request);
  const height = parseHeight(query);
  if (height === 'invalid') return badQuality(request);
  const root = base === '' ? '../../' : base.slice(0, -`live/${id}/`.length);
  const list = await archive.channelList(id, wanted, height, `${root}archive/${id}/`, request);
  return archive.counted('list', list);
}
