// This file serves what channels have recorded: lists of a span, its bodies, one file, its days.
import { Elysia } from 'elysia';
import { type ArchiveAnswers, badWanted } from './archive-answers.ts';
import { type ArchiveFiles, isFile } from './archive-file.ts';
import { wantedIn } from './archive-query.ts';
import { badQuality, problemResponse } from './error-response.ts';
import { parseHeight, queryOf } from './query.ts';

export function archivePlugin(answers: ArchiveAnswers, files: ArchiveFiles) {
  return new Elysia({ name: 'archive' })
    .get('/archive/:channel/index.m3u8', ({ params, request }) =>
      spanList(answers, params.channel, request),
    )
    .get('/archive/:channel/days', async ({ params, request }) =>
      answers.counted('days', await answers.days(params.channel, request)),
    )
    .get('/archive/:channel', ({ params, request }) =>
      isFile(params.channel) ? files.answer(params.channel, request) : noSuchForm(request),
    )
    .get('/archive/:channel/:rendition/index.m3u8', async ({ params, request }) => {
      const wanted = wantedIn(queryOf(request.url), answers.nowMs);
      if (wanted.kind === 'wrong') return badWanted(wanted.why, request);
      const { channel, rendition } = params;
      const list = await answers.renditionList(channel, rendition, wanted, request);
      return answers.counted('list', list);
    })
    .get('/archive/:channel/:rendition/:name', async ({ params, request }) =>
      answers.counted(
        'body',
        await answers.body(params.channel, params.rendition, params.name, request),
      ),
    );
}

async function spanList(answers: ArchiveAnswers, id: string, request: Request): Promise<Response> {
  const query = queryOf(request.url);
  const wanted = wantedIn(query, answers.nowMs);
  if (wanted.kind === 'wrong') return badWanted(wanted.why, request);
  const height = parseHeight(query);
  if (height === 'invalid') return badQuality(request);
  return answers.counted('list', await answers.channelList(id, wanted, height, '', request));
}

function noSuchForm(request: Request): Response {
  const message =
    'Cannot find it: wanted /archive/{channel}/index.m3u8, /archive/{channel}.ts or ' +
    '/archive/{channel}/days';
  return problemResponse({ status: 404, code: 'DELIVERY_UNKNOWN_ADDRESS', message }, request);
}
