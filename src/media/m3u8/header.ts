// This file collects the tags that stand in media and multivariant playlists alike.
import { parseAttributeList } from './attribute-list.ts';
import { parseDecimalInteger } from './decimal.ts';
import { createScope, define, type ParseOptions, type Scope } from './define.ts';
import type { Start } from './playlist.ts';
import { parseStart } from './start.ts';

export type Header = {
  version: number;
  independentSegments: boolean;
  start: Start | undefined;
  readonly scope: Scope;
};

export function createHeader(options: ParseOptions): Header {
  return {
    // RFC 8216 §4.3.1.2: a playlist without the tag is of version 1
    version: 1,
    independentSegments: false,
    start: undefined,
    scope: createScope(options),
  };
}

/** Takes up a tag that both kinds of playlist know; any other is left alone. */
export function readHeaderTag(header: Header, name: string, value: string, line: number): void {
  switch (name) {
    case '#EXT-X-VERSION':
      header.version = parseDecimalInteger(value) ?? header.version;
      break;
    case '#EXT-X-INDEPENDENT-SEGMENTS':
      header.independentSegments = true;
      break;
    case '#EXT-X-START':
      header.start = parseStart(parseAttributeList(value, header.scope, line)) ?? header.start;
      break;
    case '#EXT-X-DEFINE':
      define(parseAttributeList(value, header.scope, line), header.scope, line);
      break;
    default:
  }
}

/** What stands before the colon of a tag, the whole of it where there is none. */
export function tagName(line: string, colon = line.indexOf(':')): string {
  if (colon < 0) return line;
  const name = line.slice(0, colon);
  return line.charCodeAt(colon - 1) === SPACE ? name.trimEnd() : name;
}

/** What stands behind the colon. `line` is trimmed. */
export function tagValue(line: string, colon = line.indexOf(':')): string {
  if (colon < 0) return '';
  const value = line.slice(colon + 1);
  return line.charCodeAt(colon + 1) === SPACE ? value.trimStart() : value;
}

const SPACE = 0x20;
