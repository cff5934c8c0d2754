// This file says by what an entry of a line-up is known again, whatever its list changes about it.

import type { ListEntry } from '../list-entry.ts';
import { fingerprint } from './fingerprint.ts';

/** Each is a text that begins with what it is; two entries with the same one may be the same. */
export type Identity = {
  /** What guides call it. */
  readonly guide: string | undefined;
  /** Undefined where it has none. */
  readonly name: string | undefined;
  readonly nameAndGroup: string | undefined;
  /** To the letter; no two entries of a list have the same. */
  readonly exact: string;
  /** Without user, token and whatever else changes with an account. */
  readonly url: string;
  /** The same without the host, which providers change too. */
  readonly path: string;
};

export function identityOf(entry: ListEntry): Identity {
  const { guide, name, nameAndGroup, exact, url, path } = partsOf(entry);
  return { guide, name, nameAndGroup, exact, url, path };
}

/** The same, each worked out whenever it is asked for: of many, where little of each is wanted. */
export function partsOf(entry: ListEntry): Identity {
  return {
    get guide() {
      return entry.guide === undefined ? undefined : `g:${entry.guide.toLowerCase()}`;
    },
    get name() {
      const name = nameIn(entry);
      return name === '' ? undefined : `m:${name}`;
    },
    get nameAndGroup() {
      const group = entry.listed?.[1] ?? entry.group ?? '';
      const name = nameIn(entry);
      return name === '' ? undefined : `n:${name}|${normalText(group)}`;
    },
    get exact() {
      return `x:${entry.url}`;
    },
    get url() {
      const { host, path } = stableUrl(entry.url);
      return `u:${host}${path}`;
    },
    get path() {
      return `p:${stableUrl(entry.url).path}`;
    },
  };
}

/** Of all that an entry is known by: the same whatever its list changes of tokens. */
export function addressKey(entry: ListEntry, { host, path } = stableUrl(entry.url)): number {
  const [name, group] = entry.listed ?? [entry.name, entry.group ?? ''];
  // None of them has a line break in it
  return fingerprint(`${host}\n${path}\n${name}\n${group}\n${entry.guide ?? ''}`);
}

function nameIn({ kind, name, listed }: ListEntry): string {
  const text = listed?.[0] ?? name;
  // "***" and "---" have no letter between them, and are two
  const normal = normalText(text) || text.trim();
  // A film is called what a channel is called, and is none
  return kind === undefined || normal === '' ? normal : `${kind} ${normal}`;
}

const PLAIN = /^[a-z0-9]+(?: [a-z0-9]+)*$/;

/** Letters and digits with single spaces between, of any script, without accents. */
export function normalText(text: string): string {
  const lower = text.toLowerCase();
  if (PLAIN.test(lower)) return lower;
  return lower
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/\+/g, ' plus ')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** Names of parameters that say which channel it is. */
const ID_NAMES: ReadonlySet<string> = new Set([
  'id',
  'ch',
  'chid',
  'channel',
  'stream',
  'streamid',
  'stream_id',
  'cid',
  'fid',
  'name',
  'play',
]);
/** Accounts write it so: [live/]user/password/number[.ts] */
const ACCOUNT = /^\/(?:(live|movie|series|timeshift)\/)?[^/]+\/[^/]+\/(\d{1,12})(\.\w{1,5})?$/;
/** Sixteen and more of hex, base64 or the like, with a digit among them. */
const TOKEN = /^(?=[^/]*\d)[A-Za-z0-9_=.-]{16,}$/;
const LONG_PART = /[^/]{16}/;
const URL_PARTS = /^https?:\/\/(?:[^/?#@]*@)?([^/?#]+)([^?#]*)(?:\?([^#]*))?/;

export type StableUrl = { readonly host: string; readonly path: string };

/** Without user, token and whatever else changes with an account. */
export function stableUrl(url: string): StableUrl {
  const [, host = '', path = '', query] = URL_PARTS.exec(url) ?? [];
  const account = ACCOUNT.exec(path);
  const stable = account === null ? withoutTokens(path) : `/${account[1] ?? ''}/*/*/${account[2]}`;
  return { host: host.toLowerCase(), path: stable + idsIn(query) };
}

function withoutTokens(path: string): string {
  if (!LONG_PART.test(path)) return path;
  const parts = path.split('/');
  return parts.map((part) => (part.length >= 16 && TOKEN.test(part) ? '*' : part)).join('/');
}

const MAY_HAVE_ID = new RegExp(`(?:^|&)(?:${[...ID_NAMES].join('|')})=`, 'i');

function idsIn(query: string | undefined): string {
  if (query === undefined || !MAY_HAVE_ID.test(query)) return '';
  const ids = query.split('&').filter((pair) => {
    const equals = pair.indexOf('=');
    return equals > 0 && ID_NAMES.has(pair.slice(0, equals).toLowerCase()) && pair.length <= 64;
  });
  return ids.length === 0 ? '' : `?${ids.sort().join('&')}`;
}
