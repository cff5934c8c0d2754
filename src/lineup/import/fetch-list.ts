// This file opens a line-up where it lies, a file or a URL, plain or gzip.
import { isUrl, showPlace } from '../../base/place.ts';
import { whyUnreadable } from '../../base/unreadable.ts';
import { undoEncoding } from '../../net/content-encoding.ts';
import type { Outbound } from '../../net/outbound.ts';
import { LineUpError } from '../errors.ts';

export type Validators = { readonly etag?: string; readonly lastModified?: string };

export type ListSpec = {
  readonly place: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of what is had already. */
  readonly validators?: Validators;
};

export type OpenedList = {
  readonly pieces: AsyncIterable<Uint8Array>;
  readonly validators: Validators;
  /** What relative URLs in it are relative to. */
  readonly baseUrl?: string;
};

const LIMITS = {
  connectMs: 5_000,
  firstByteMs: 60_000, // panels make the list of an account when it is asked for
  betweenBytesMs: 15_000,
  totalMs: 180_000,
  /** A provider's whole line-up with films fits; more is not a line-up. */
  maxBytes: 512 * 1024 * 1024,
};

/** Throws AppError where it cannot be had; 'same' where the server says that we have it. */
export async function openList(
  { place, headers, validators = {} }: ListSpec,
  outbound: Outbound,
  signal: AbortSignal,
): Promise<OpenedList | 'same'> {
  if (!isUrl(place)) return { pieces: fileOf(place), validators: {} };
  const asked = {
    ...headers,
    ...(validators.etag === undefined ? {} : { 'if-none-match': validators.etag }),
    ...(validators.lastModified === undefined
      ? {}
      : { 'if-modified-since': validators.lastModified }),
  };
  const policy = { headers: asked, verifyTls: true, allowDowngrade: false };
  const response = await outbound({ url: place, policy, limits: LIMITS, compressed: true, signal });
  if (response.status === 304 && Object.keys(validators).length > 0) {
    response.cancel();
    return 'same';
  }
  if (response.status !== 200) {
    response.cancel();
    const message = `Cannot read line-up from ${showPlace(place)}: status ${response.status}, wanted 200`;
    throw new LineUpError('LINEUP_STATUS', message, { status: response.status });
  }
  const etag = response.headers.get('etag');
  const lastModified = response.headers.get('last-modified');
  return {
    // A file of gzip that is served as one, beside what the client undoes
    pieces: undoEncoding(response.body, [], showPlace(place)),
    validators: {
      ...(etag === null ? {} : { etag }),
      ...(lastModified === null ? {} : { lastModified }),
    },
    baseUrl: response.url,
  };
}

async function* fileOf(path: string): AsyncGenerator<Uint8Array> {
  const source = Bun.file(path).stream() as AsyncIterable<Uint8Array>;
  try {
    yield* undoEncoding(source, [], path);
  } catch (error) {
    const { code } = error as { readonly code?: string };
    if (code?.startsWith('NET_')) throw error;
    throw new LineUpError(
      'LINEUP_FILE',
      `Cannot read line-up ${path}: ${whyUnreadable(error)}, wanted a file`,
      { path },
      error,
    );
  }
}
