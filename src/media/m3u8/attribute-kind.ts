// This file knows which attributes the standard has in quotes, which bare and which enumerated.
import type { AttributeValue } from './playlist.ts';

// RFC 8216 §4.2 and draft-pantos-hls-rfc8216bis §4.2: quoted-string
const QUOTED = new Set(
  `ALLOWED-CPC ASSETLIST ASSOC-LANGUAGE AUDIO BYTERANGE CHANNELS CHARACTERISTICS CLASS
  CLOSED-CAPTIONS CODECS CUE DATA-ID END-DATE GROUP-ID ID IMPORT INSTREAM-ID KEYFORMAT
  KEYFORMATVERSIONS LANGUAGE NAME PATHWAY-ID QUERYPARAM REQ-VIDEO-LAYOUT SERVER-URI
  STABLE-RENDITION-ID STABLE-VARIANT-ID START-DATE SUBTITLES SUPPLEMENTAL-CODECS URI VALUE
  VIDEO`.split(/\s+/),
);

// RFC 8216 §4.2: enumerated-string
const ENUMERATED = new Set(
  `AUTOSELECT DEFAULT END-ON-NEXT FORCED FORMAT HDCP-LEVEL METHOD PRECISE TYPE
  VIDEO-RANGE`.split(/\s+/),
);

// RFC 8216 §4.2: decimal-integer, hexadecimal-sequence, floating point, decimal-resolution
const BARE = new Set(
  `AVERAGE-BANDWIDTH BANDWIDTH BIT-DEPTH DURATION FRAME-RATE IV PLANNED-DURATION PROGRAM-ID
  RESOLUTION SAMPLE-RATE SCORE SCTE35-CMD SCTE35-IN SCTE35-OUT TIME-OFFSET`.split(/\s+/),
);

/** What cannot stand without quotes. */
const NEEDS_QUOTES = /[\s",]/;

/** The value as the standard has it: quotes put right, enumerations in capitals. */
export function normaliseAttribute(name: string, value: string, quoted: boolean): AttributeValue {
  const safe = value.includes('"') ? value.replaceAll('"', name === 'URI' ? '%22' : "'") : value;
  // RFC 8216 §4.3.4.2: the one attribute that is a quoted group or the bare word NONE
  if (name === 'CLOSED-CAPTIONS' && safe.toUpperCase() === 'NONE') return bare('NONE');
  if (QUOTED.has(name)) return { value: safe, quoted: true };
  if (safe === '' || NEEDS_QUOTES.test(safe)) return { value: safe, quoted: true };
  if (ENUMERATED.has(name)) return bare(safe.toUpperCase());
  if (BARE.has(name)) return bare(safe);
  return { value: safe, quoted };
}

/** A value that stands without quotes. */
export function bare(value: string | number): AttributeValue {
  return { value: String(value), quoted: false };
}

/** A value that stands in quotes; absent where there is none. */
export function quoted(value: string): AttributeValue;
export function quoted(value: string | undefined): AttributeValue | undefined;
export function quoted(value: string | undefined): AttributeValue | undefined {
  return value === undefined ? undefined : { value, quoted: true };
}
