// This file serves what Xtream panels do, at their addresses, for the players that know how to ask.
import { Elysia } from 'elysia';
import { apiAnswer } from './xtream-api.ts';
import { filmFile } from './xtream-file.ts';
import { userGuide, userLineUp } from './xtream-line-up.ts';
import { pastByFields, pastByTimes, pastStream } from './xtream-past.ts';
import { liveStream } from './xtream-stream.ts';
import type { XtreamSurface } from './xtream-surface.ts';

type Asked = { readonly request: Request };

/** `/live/{user}/{password}/{number}` is a form of our own route there: see livePlugin. */
export function xtreamPlugin(surface: XtreamSurface) {
  const player = ({ request }: Asked) => apiAnswer(surface, 'player', request);
  const panel = ({ request }: Asked) => apiAnswer(surface, 'panel', request);
  const lineUp = ({ request }: Asked) => userLineUp(surface, request);
  const guide = ({ request }: Asked) => userGuide(surface, request);
  const past = ({ request }: Asked) => pastByFields(surface, request);
  // IPTV Smarters posts
  const form = { parse: 'none' } as const;
  return new Elysia({ name: 'xtream' })
    .get('/player_api.php', player)
    .post('/player_api.php', player, form)
    .get('/panel_api.php', panel)
    .post('/panel_api.php', panel, form)
    .get('/get.php', lineUp)
    .post('/get.php', lineUp, form)
    .get('/xmltv.php', guide)
    .post('/xmltv.php', guide, form)
    .get('/streaming/timeshift.php', past)
    .post('/streaming/timeshift.php', past, form)
    .get('/:user/:password/:stream', ({ params, request }) =>
      liveStream(surface, params.user, params.password, params.stream, request),
    )
    .get('/movie/:user/:password/:file', ({ params, request }) =>
      filmFile(surface, params.user, params.password, params.file, request),
    )
    .get('/series/:user/:password/:file', ({ params, request }) =>
      filmFile(surface, params.user, params.password, params.file, request),
    )
    .get('/past/:user/:password/:stream', ({ params, request }) =>
      pastByTimes(surface, params.user, params.password, params.stream, request),
    )
    .get('/timeshift/:user/:password/:minutes/:start/:stream', ({ params, request }) =>
      pastStream(surface, params, request),
    );
}
