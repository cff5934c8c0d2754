// This file lets in, or refuses, who comes with the name and password of a user.
import type { Refusal, User } from '../access/user.ts';
import type { ChannelConfig, LogoMode } from '../config/config.ts';
import { ownBaseUrl } from '../lineup/base-url.ts';
import { logoUrlOf } from '../lineup/logos/logo-url.ts';
import type { ConnectionKind } from '../lineup/xtream/connections.ts';
import { pictureOf } from '../lineup/xtream/live-stream.ts';
import { type StreamName, streamNameIn } from '../lineup/xtream/request.ts';
import type { Xtream } from '../lineup/xtream/xtream.ts';
import { busy } from '../prefetch/answers.ts';
import type { Archives } from '../recording/archive/archived.ts';
import type { ArchiveAnswers } from './archive-answers.ts';
import type { ArchiveFiles } from './archive-file.ts';
import type { Endless } from './endless.ts';
import { notNow, problemResponse, refuse } from './error-response.ts';
import type { GuideDeps } from './guide.ts';
import { CORS, NO_SNIFF } from './headers.ts';
import type { Live } from './live.ts';
import type { Passing } from './passed-stream.ts';
import type { UnbufferedModes } from './unbuffered.ts';
import type { UpstreamFiles } from './upstream-file.ts';

/** What Xtream clients are answered with: all that others are. */
export type XtreamSurface = {
  readonly xtream: Xtream;
  readonly live: Live;
  readonly endless: Endless;
  readonly passing: Passing;
  readonly modes: UnbufferedModes;
  readonly archive: ArchiveAnswers;
  readonly archives: Archives;
  readonly files: ArchiveFiles;
  readonly guide: GuideDeps;
  readonly upstreamFiles: UpstreamFiles;
  readonly publicUrl: () => string | undefined;
  readonly logoMode: () => LogoMode;
};

/** It is of one user, and says so in its address. */
export const PRIVATE = { ...CORS, ...NO_SNIFF, 'cache-control': 'no-store' };
export const JSON_HEADERS = { ...PRIVATE, 'content-type': 'application/json; charset=utf-8' };

/** Who asks, for the lock-out: the address alone, whatever it calls itself. */
export function peerOf({ endless }: XtreamSurface, request: Request): string {
  return endless.addressOf(request).split(' ', 1)[0] as string;
}

/** The user, or why there is nothing to play. */
export async function admitted(
  surface: XtreamSurface,
  name: string,
  password: string,
  request: Request,
): Promise<User | Response> {
  const { xtream } = surface;
  if (xtream.isUnused) return unknownAddress(request);
  const checked = await xtream.check(name, password, peerOf(surface, request));
  return checked.kind === 'user' ? checked.user : denied(checked.why, request);
}

/** Who asks for which stream, or why there is none: `stream` is the last part of the address. */
export async function streamAsked(
  surface: XtreamSurface,
  name: string,
  password: string,
  stream: string,
  request: Request,
): Promise<{ readonly user: User; readonly wanted: StreamName } | Response> {
  const wanted = streamNameIn(stream);
  if (wanted === undefined) return unknownAddress(request);
  const user = await admitted(surface, name, password, request);
  return user instanceof Response ? user : { user, wanted };
}

/**
 * An answer that takes a place of the user for as long as it is sent: `left` gives the place back,
 * `ended` says that the user may watch no more. `what`: see UserConnections.take.
 */
export async function inPlace(
  { xtream, endless }: XtreamSurface,
  user: User,
  { kind, what }: { readonly kind: ConnectionKind; readonly what: string },
  request: Request,
  answer: (left: () => void, ended: AbortSignal) => Promise<Response>,
): Promise<Response> {
  const viewer = endless.addressOf(request);
  const place = await xtream.connections.take(user, kind, viewer, what, request.signal);
  if (place === undefined) return tooMany(user, request);
  const held = new DisposableStack();
  held.use(place);
  const { ended } = held.use(xtream.stays.begin(user.name));
  using failing = new DisposableStack();
  failing.defer(() => held.dispose());
  const response = await answer(() => held.dispose(), ended);
  // Of what is no stream nobody will say that it has ended
  if (response.status < 300) failing.move();
  return response;
}

const WHY: Readonly<Record<Exclude<Refusal, 'busy'>, string>> = {
  unknown: 'wrong user or password',
  disabled: 'the user is disabled',
  expired: 'the user has expired',
  'locked-out': 'too many wrong passwords came from this address, wanted a pause',
};

/** A wrong password would be forgotten by some players; this one was not looked at. */
export function crowded(request: Request): Response {
  return notNow('very many log in at this moment', 3, request);
}

/** Not 401: VLC would stop and ask for a password that the address already has. */
function denied(why: Refusal, request: Request): Response {
  if (why === 'busy') return crowded(request);
  const message = `Cannot play: ${WHY[why]}`;
  return problemResponse({ status: 403, code: 'DELIVERY_USER', message }, request);
}

/** Somebody else watches as this user, and may leave at any moment. */
export function tooMany({ maxConnections = 0 }: User, request: Request): Response {
  const reason = `the user watches on ${maxConnections} already, which is all that it may`;
  return refuse(busy(5, reason), request);
}

export function unknownAddress(request: Request): Response {
  const message = 'Cannot find it: there is nothing at this address';
  return problemResponse({ status: 404, code: 'DELIVERY_UNKNOWN_ADDRESS', message }, request);
}

export function unknownStream(number: number, request: Request): Response {
  const message = `Cannot play: there is no stream ${number}`;
  return problemResponse({ status: 404, code: 'DELIVERY_UNKNOWN_CHANNEL', message }, request);
}

/** As this client reached us; undefined where what it calls us is no name. */
export function baseOf({ publicUrl }: XtreamSurface, request: Request): string | undefined {
  const base = ownBaseUrl(publicUrl(), request.headers.get('host'));
  return base === '' ? new URL(request.url).origin : base;
}

/** '' where it has none that this client could be told. */
export function logoIn(surface: XtreamSurface, base: string): (channel: ChannelConfig) => string {
  const mode = surface.logoMode();
  return (channel) => pictureOf(logoUrlOf(channel, base, mode));
}

/** Of our own addresses in a list: what a reverse proxy has us under. */
export function pathPrefix({ publicUrl }: XtreamSurface): string {
  const url = publicUrl();
  return url === undefined ? '' : new URL(url).pathname.replace(/\/+$/, '');
}
