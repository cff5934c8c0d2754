// This file sends films and episodes to Xtream clients, from where they lie.
import type { User } from '../access/user.ts';
import type { Film } from '../lineup/films.ts';
import { fileNameIn } from '../lineup/xtream/request.ts';
import { isHead } from './head.ts';
import { upstreamFile, upstreamFileHead } from './upstream-file.ts';
import {
  admitted,
  inPlace,
  unknownAddress,
  unknownStream,
  type XtreamSurface,
} from './xtream-surface.ts';

/** `file`: the number, and what its client calls the container, which nobody looks at. */
export async function filmFile(
  surface: XtreamSurface,
  name: string,
  password: string,
  file: string,
  request: Request,
): Promise<Response> {
  const wanted = fileNameIn(file);
  if (wanted === undefined) return unknownAddress(request);
  const user = await admitted(surface, name, password, request);
  if (user instanceof Response) return user;
  const film = await filmIn(surface, wanted.number);
  if (film === undefined) return unknownStream(wanted.number, request);
  return await sent(surface, user, film, request);
}

async function filmIn({ xtream }: XtreamSurface, number: number): Promise<Film | undefined> {
  const { lineUp } = xtream;
  await lineUp.films();
  const film = lineUp.film(number);
  if (film !== undefined) return film;
  await lineUp.series();
  // A provider that does not tell its episodes now is no reason to call them gone, but there is none
  return await lineUp.episode(number).catch(() => undefined);
}

async function sent(
  surface: XtreamSurface,
  user: User,
  film: Film,
  request: Request,
): Promise<Response> {
  const { upstreamFiles } = surface;
  if (isHead(request)) return await upstreamFileHead(upstreamFiles, film, request);
  const place = { kind: 'file', what: film.source.url } as const;
  return await inPlace(surface, user, place, request, (left) =>
    upstreamFile(upstreamFiles, film, request, left),
  );
}
