// This file turns what went wrong into an HTTP answer: the only place that knows the statuses.
import { errorRecord } from '../base/errors.ts';
import type { Unavailable } from '../prefetch/answers.ts';
import { prefersJson } from './accept.ts';
import { CORS, isForAnyPage, NO_SNIFF } from './headers.ts';

export type Problem = {
  readonly status: 400 | 403 | 404 | 405 | 406 | 410 | 416 | 500 | 502 | 503;
  /** Stable, as listed in the manual. */
  readonly code: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** JSON for who asks for it, else a line of text: a player logs the first line it gets. */
export function problemResponse(problem: Problem, request: Request): Response {
  const { status, code, message } = problem;
  const headers: Record<string, string> = {
    ...(isForAnyPage(request.url) ? CORS : {}),
    ...NO_SNIFF,
    'cache-control': 'no-store',
    vary: 'Accept',
    ...problem.headers,
  };
  const wantsJson = prefersJson(request.headers.get('accept') ?? '');
  if (wantsJson) return Response.json({ status, code, message }, { status, headers });
  const type = { 'content-type': 'text/plain; charset=utf-8' };
  return new Response(`${code}: ${message}\n`, { status, headers: { ...headers, ...type } });
}

export function unknownChannel(id: string, request: Request): Response {
  const message = `Cannot play the channel: there is none with the id ${shown(id)}`;
  return problemResponse({ status: 404, code: 'DELIVERY_UNKNOWN_CHANNEL', message }, request);
}

/** `what` names us by that header, and so cannot be written. */
export function badHost(what: string, request: Request): Response {
  const message = `Cannot write ${what}: the Host header is no name, wanted NAME[:PORT]`;
  return problemResponse({ status: 400, code: 'DELIVERY_HOST', message }, request);
}

export function unavailable(reason: string, retryAfterS: number, request: Request): Response {
  return comeAgain(`Cannot play now: ${reason}`, retryAfterS, request);
}

/** The same of what nobody plays: a guide, a picture, a list of episodes. */
export function notNow(reason: string, retryAfterS: number, request: Request): Response {
  return comeAgain(`Cannot answer now: ${reason}`, retryAfterS, request);
}

/** As where its thread died: the next request starts another. */
export function guideUnreadable(error: unknown, request: Request): Response {
  return notNow(`the guide cannot be read (${errorRecord(error).code})`, 10, request);
}

function comeAgain(message: string, retryAfterS: number, request: Request): Response {
  const headers = { 'retry-after': String(retryAfterS) };
  return problemResponse({ status: 503, code: 'DELIVERY_UNAVAILABLE', message, headers }, request);
}

/** Tuners of the HDHomeRun kind say so when all are in use, and their clients look for it. */
export function refuse(answer: Unavailable, request: Request): Response {
  const response = unavailable(answer.reason, answer.retryAfterS, request);
  if (answer.isBusy) response.headers.set('x-hdhomerun-error', '805 All Tuners In Use');
  return response;
}

/** It may be there in a moment. */
export function isUnavailable({ status }: Response): boolean {
  return status === 503;
}

/** A name out of an address, which may hold anything, on one line. */
export function shown(name: string): string {
  return JSON.stringify(name.slice(0, 80));
}

export function badQuality(request: Request): Response {
  const message = 'Cannot pick a quality: wanted a height such as ?quality=720';
  return problemResponse({ status: 400, code: 'DELIVERY_QUALITY', message }, request);
}
