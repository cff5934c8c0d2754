// This file turns the bytes of a guide into text, in whatever encoding it is.

/** A declaration stands in the first line; this holds it in the widest encoding. */
const LOOK_BYTES = 400;

/** What those who write guides call encodings that have another name in the registry. */
const ALIASES: Readonly<Record<string, string>> = {
  utf8: 'utf-8',
  utf16: 'utf-16le',
  'utf-16': 'utf-16le',
  latin1: 'windows-1252',
  'iso-latin-1': 'windows-1252',
  ansi: 'windows-1252',
  ascii: 'windows-1252',
};

export type XmltvDecoder = {
  readonly push: (bytes: Uint8Array) => string;
  readonly end: () => string;
  /** The WHATWG name of what it is, once it is known. */
  readonly encoding: () => string | undefined;
};

/**
 * XML 1.0 appendix F: a byte order mark decides, then the look of the first bytes, then what the
 * declaration says; without any it is UTF-8. An encoding that is not known is read as UTF-8: names
 * with accents suffer, times and ids do not.
 */
export function createXmltvDecoder(): XmltvDecoder {
  let head = new Uint8Array(0);
  let decoder: TextDecoder | undefined;
  const begin = (): string => {
    decoder = new TextDecoder(encodingOf(head));
    const text = decoder.decode(head, { stream: true });
    head = new Uint8Array(0);
    return text;
  };
  return {
    push(bytes) {
      if (decoder !== undefined) return decoder.decode(bytes, { stream: true });
      head = new Uint8Array(Buffer.concat([head, bytes]));
      return head.length < LOOK_BYTES ? '' : begin();
    },
    end() {
      const text = decoder === undefined ? begin() : '';
      return text + (decoder?.decode() ?? '');
    },
    encoding: () => decoder?.encoding,
  };
}

function encodingOf(head: Uint8Array): string {
  const [a = 0, b = 0, c = 0] = head;
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  if (a === 0xff && b === 0xfe) return 'utf-16le';
  // `<` in two bytes
  if (a === 0 && b === 0x3c) return 'utf-16be';
  if (a === 0x3c && b === 0) return 'utf-16le';
  const start = new TextDecoder('windows-1252').decode(head.subarray(0, LOOK_BYTES));
  const declared = /^\s*<\?xml[^>]*?\bencoding\s*=\s*["']([\w.:-]{1,40})["']/i.exec(start)?.[1];
  return declared === undefined ? 'utf-8' : known(declared.toLowerCase());
}

function known(label: string): string {
  const name = ALIASES[label] ?? label;
  try {
    const { encoding } = new TextDecoder(name);
    // What could be read so far was in bytes of one each: it says UTF-16 and is not
    return encoding.startsWith('utf-16') ? 'utf-8' : encoding;
  } catch {
    return 'utf-8';
  }
}
