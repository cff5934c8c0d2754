// This file recognises what is handed in as a guide and is something else.
import { FormatError } from '../../base/errors.ts';

/** How a document that is no XMLTV begins, and what to call it. */
const BEGINNINGS: readonly { readonly begins: RegExp; readonly is: string }[] = [
  { begins: /^<(?:!doctype html|html|head|body)\b/i, is: 'an HTML page' },
  { begins: /^#EXT/, is: 'an M3U list' },
  { begins: /^[{[]/, is: 'JSON' },
  { begins: /^PK\u0003\u0004/, is: 'a ZIP archive' },
  { begins: /^BZh[1-9]/, is: 'bzip2 data' },
  { begins: /^\u001f(?:\u008b|\ufffd)/, is: 'gzip data' },
];

/** `start`: the text from the first character that is not blank, or as much as has come. */
export function rejectForeign(start: string): void {
  const foreign = BEGINNINGS.find((row) => row.begins.test(start));
  if (foreign !== undefined) throw notXmltv(foreign.is);
}

export function notXmltv(is: string): FormatError {
  return new FormatError('xmltv', 0, `Cannot read guide: it is ${is}, wanted XMLTV`, 'XMLTV DTD');
}
