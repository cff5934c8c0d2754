// This file serves the web page and its assets.
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Elysia } from 'elysia';
import { prefersGzip } from './accept.ts';
import { matchesEtag } from './body-response.ts';
import { problemResponse } from './error-response.ts';
import { IMMUTABLE_CACHE, NO_SNIFF } from './headers.ts';
import { ASSET_FOLDER, type PageFiles } from './page-files.ts';

/** The page names its assets by their content: it is asked for anew each time, they are not. */
const PAGE_CACHE = 'no-cache';

/** What the page may do, should a channel's name ever become more than text; hls.js uses blobs. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "media-src 'self' blob:",
  "img-src 'self' data:",
  "worker-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const gzipAside = promisify(gzip);

type Form = {
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly hash: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Made when first asked for, in another thread: the script takes 30 ms. */
  gzipped: Promise<Uint8Array<ArrayBuffer>> | undefined;
};

/** `open` is called when somebody first asks, and again where it failed. */
export function pagePlugin(open: () => Promise<PageFiles>) {
  let opened: Promise<ReadonlyMap<string, Form>> | undefined;
  const answer = async (name: string, request: Request): Promise<Response> => {
    opened ??= open().then(formsOf);
    try {
      const form = (await opened).get(name);
      return form === undefined ? noAsset(request) : await respond(form, request);
    } catch (error) {
      opened = undefined;
      throw error;
    }
  };
  return new Elysia({ name: 'page' })
    .get('/', ({ request }) => answer('', request))
    .get(`/${ASSET_FOLDER}/:name`, ({ params, request }) => answer(params.name, request));
}

/** The page itself under the empty name. */
function formsOf({ html, assets }: PageFiles): ReadonlyMap<string, Form> {
  const page = new TextEncoder().encode(html);
  const forms = new Map([['', formOf(page, 'text/html; charset=utf-8', PAGE_CACHE)]]);
  for (const [name, { bytes, contentType }] of assets) {
    if (name !== '') forms.set(name, formOf(bytes, contentType, IMMUTABLE_CACHE));
  }
  return forms;
}

function formOf(plain: Uint8Array<ArrayBuffer>, contentType: string, cacheControl: string): Form {
  const headers = {
    'content-type': contentType,
    'cache-control': cacheControl,
    vary: 'Accept-Encoding',
    ...NO_SNIFF,
    'content-security-policy': POLICY,
  };
  return { plain, hash: Bun.hash.wyhash(plain).toString(36), headers, gzipped: undefined };
}

async function respond(form: Form, request: Request): Promise<Response> {
  const isPacked = prefersGzip(request.headers.get('accept-encoding') ?? '');
  // RFC 9110 §8.8.3: packed it is other bytes, and so has a tag of its own
  const etag = isPacked ? `"${form.hash}-gzip"` : `"${form.hash}"`;
  const headers = { ...form.headers, etag };
  if (matchesEtag(request.headers.get('if-none-match'), etag)) {
    return new Response(null, { status: 304, headers });
  }
  if (!isPacked) return new Response(form.plain, { headers });
  form.gzipped ??= gzipAside(form.plain).then((bytes) => new Uint8Array(bytes));
  return new Response(await form.gzipped, { headers: { ...headers, 'content-encoding': 'gzip' } });
}

function noAsset(request: Request): Response {
  const message = 'Cannot find it: the page has no such file, wanted the page asked for anew';
  return problemResponse({ status: 404, code: 'DELIVERY_UNKNOWN_ADDRESS', message }, request);
}
