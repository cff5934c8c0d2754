// This file holds the variables of a playlist (EXT-X-DEFINE) while it is parsed.
import { MAX_LINE_CHARS } from './line-cursor.ts';
import type { Attributes, Defines } from './playlist.ts';
import { playlistError } from './playlist-error.ts';

/**
 * Characters that variables may add to one playlist: as many as a playlist may have. Without it a
 * 64 KiB value named 10,000 times would make 640 MiB of URIs.
 */
export const MAX_EXPANSION_CHARS = 2 * 1024 * 1024;

const SPEC = 'draft-pantos-hls-rfc8216bis §4.4.2.3';

export type ParseOptions = {
  /** The URL of the playlist itself, after redirects: where QUERYPARAM looks. */
  readonly uri?: string;
  /** What IMPORT may take: `defines` of the multivariant playlist. */
  readonly imports?: Defines;
};

export type Scope = {
  readonly options: ParseOptions;
  readonly defines: Map<string, string>;
  addedChars: number;
};

export function createScope(options: ParseOptions): Scope {
  return { options, defines: new Map(), addedChars: 0 };
}

/** Takes up one EXT-X-DEFINE tag. */
export function define(attributes: Attributes, scope: Scope, line: number): void {
  const name = attributes.get('NAME')?.value;
  const imported = attributes.get('IMPORT')?.value;
  const parameter = attributes.get('QUERYPARAM')?.value;
  if (name !== undefined) {
    addDefine(name, attributes.get('VALUE')?.value, 'a VALUE', scope, line);
  } else if (imported !== undefined) {
    const value = scope.options.imports?.get(imported);
    addDefine(imported, value, 'it in the multivariant playlist', scope, line);
  } else if (parameter !== undefined) {
    const value = queryValue(scope.options.uri ?? '', parameter);
    addDefine(parameter, value, "it in the query of the playlist's URL", scope, line);
  } else {
    const message = 'Cannot parse EXT-X-DEFINE: it is empty, wanted NAME, IMPORT or QUERYPARAM';
    throw playlistError(line, SPEC, message);
  }
}

/**
 * The value as it stands in the URL. Some players decode it; but it goes back into a URL, where a
 * token's %2B would then arrive as a space.
 */
function queryValue(uri: string, name: string): string | undefined {
  const query = URL.parse(uri)?.search.slice(1) ?? '';
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=');
    if (equals >= 0 && pair.slice(0, equals) === name) return pair.slice(equals + 1);
  }
  return undefined;
}

function addDefine(
  name: string,
  value: string | undefined,
  wanted: string,
  scope: Scope,
  line: number,
): void {
  if (value === undefined) {
    const message = `Cannot define the variable ${shown(name)}: its value is missing`;
    throw playlistError(line, SPEC, `${message}, wanted ${wanted}`);
  }
  if (scope.defines.has(name)) {
    const message = `Cannot define the variable ${shown(name)}: it is defined already, wanted once`;
    throw playlistError(line, SPEC, message);
  }
  if (REFERENCE.test(value)) {
    const message = `Cannot define the variable ${shown(name)}: its value names a variable`;
    throw playlistError(line, SPEC, `${message}, wanted a plain value`);
  }
  // A query or an import may carry what a playlist line cannot.
  scope.defines.set(name, value.replace(/[\0-\x1f\x7f-\x9f]/g, '').replaceAll('"', "'"));
}

/** A name never holds a brace, so that no character is looked at more than twice. */
const REFERENCE = /\{\$[\w-]+\}/;
const REFERENCES = /\{\$([\w-]+)\}/g;

/** The text with every `{$name}` replaced by its value. */
export function substitute(text: string, scope: Scope, line: number): string {
  if (!text.includes('{$')) return text;
  const replaced = text.replace(REFERENCES, (_, name: string) => expand(name, scope, line));
  if (replaced.length > MAX_LINE_CHARS) {
    const message = 'Cannot replace the variables of a line: it becomes too long';
    throw playlistError(line, SPEC, `${message}, wanted ${MAX_LINE_CHARS} characters`);
  }
  // A brace from a value may open a reference with what stands behind it: not followed further.
  if (!REFERENCE.test(replaced)) return replaced;
  const message = 'Cannot replace the variables of a line: their values name a variable';
  throw playlistError(line, SPEC, `${message}, wanted plain values`);
}

function expand(name: string, scope: Scope, line: number): string {
  const value = scope.defines.get(name);
  if (value === undefined) {
    const message = `Cannot replace the variable ${shown(name)}: it is unknown`;
    throw playlistError(line, SPEC, `${message}, wanted an EXT-X-DEFINE before it`);
  }
  scope.addedChars += value.length;
  if (scope.addedChars > MAX_EXPANSION_CHARS) {
    const message = 'Cannot replace the variables of the playlist: they add too much';
    throw playlistError(line, SPEC, `${message}, wanted ${MAX_EXPANSION_CHARS} characters`);
  }
  return value;
}

/** A name comes from the wire and goes into a message. */
function shown(name: string): string {
  return JSON.stringify(name.slice(0, 40));
}
