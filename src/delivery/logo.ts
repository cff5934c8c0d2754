// This file serves the pictures of channels.
import { Elysia } from 'elysia';
import { logoIdIn } from '../lineup/logos/logo-url.ts';
import type { Logo, LogoAnswer, Logos } from '../lineup/logos/logos.ts';
import type { PictureType } from '../media/picture/picture.ts';
import type { Relays } from '../prefetch/channel/relays.ts';
import { matchesEtag } from './body-response.ts';
import { notNow, problemResponse, shown, unknownChannel } from './error-response.ts';
import { isHead } from './head.ts';
import { CORS, NO_SNIFF } from './headers.ts';

export type LogoDeps = {
  readonly relays: Relays;
  readonly logos: Logos;
  readonly nowMs: () => number;
};

export function logoPlugin(deps: LogoDeps) {
  return new Elysia({ name: 'logo' }).get('/logo/:name', ({ params, request }) =>
    answer(deps, logoIdIn(params.name), request),
  );
}

/** A day, as long as upstream is not asked either; behind that the old one while a new one comes. */
const CACHE = 'public, max-age=86400, stale-while-revalidate=604800';
/** A picture that is not there may come; players ask for it with every list. */
const NONE_CACHE = 'public, max-age=300';

const ENDINGS: Readonly<Record<PictureType, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'image/avif': 'avif',
  'image/bmp': 'bmp',
  'image/x-icon': 'ico',
  'image/svg+xml': 'svg',
};

async function answer(deps: LogoDeps, id: string, request: Request): Promise<Response> {
  const channel = deps.relays.config(id);
  if (channel === undefined) return unknownChannel(id, request);
  if (channel.logo === undefined) return noLogo(id, 'the channel has none', request);
  const found = await deps.logos.get(channel.logo);
  if (found.kind !== 'logo') return missing(deps, id, found, request);
  const { logo } = found;
  const headers = headersOf(id, logo);
  if (isKnown(request, logo)) return new Response(null, { status: 304, headers });
  if (isHead(request)) {
    const length = String(logo.bytes.length);
    return new Response(null, { headers: { ...headers, 'content-length': length } });
  }
  return new Response(logo.bytes as Uint8Array<ArrayBuffer>, { headers });
}

/**
 * What upstream has may be written by anybody, and lies on our own origin here: its type is that of
 * its bytes, and what can hold scripts is for saving, runs none and loads nothing. Pages show it as
 * a picture all the same.
 */
function headersOf(id: string, { type, tag, modifiedMs }: Logo): Record<string, string> {
  const how = type === 'image/svg+xml' ? 'attachment' : 'inline';
  return {
    ...CORS,
    ...NO_SNIFF,
    'content-type': type,
    'content-disposition': `${how}; filename="${id}.${ENDINGS[type]}"`,
    'content-security-policy': "default-src 'none'; sandbox",
    'cache-control': CACHE,
    etag: `"${tag}"`,
    ...(modifiedMs > 0 ? { 'last-modified': new Date(modifiedMs).toUTCString() } : {}),
  };
}

// RFC 9110 §13.2.2: the tag decides where there is one
function isKnown(request: Request, { tag, modifiedMs }: Logo): boolean {
  const tags = request.headers.get('if-none-match');
  if (tags !== null) return matchesEtag(tags, `"${tag}"`);
  const since = Date.parse(request.headers.get('if-modified-since') ?? '');
  return modifiedMs > 0 && since >= Math.floor(modifiedMs / 1000) * 1000;
}

function missing(
  deps: LogoDeps,
  id: string,
  { kind, why, untilMs }: Exclude<LogoAnswer, { kind: 'logo' }>,
  request: Request,
): Response {
  if (kind === 'none') return noLogo(id, why, request);
  const waitS = Math.max(1, Math.ceil((untilMs - deps.nowMs()) / 1000));
  return notNow(`the logo cannot be had (${why})`, waitS, request);
}

function noLogo(id: string, why: string, request: Request): Response {
  const message = `Cannot send the logo of ${shown(id)}: ${why}`;
  const headers = { 'cache-control': NONE_CACHE };
  return problemResponse({ status: 404, code: 'DELIVERY_NO_LOGO', message, headers }, request);
}
