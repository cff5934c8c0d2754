// This file reads and writes the variants of a multivariant playlist.
import { bare, quoted } from './attribute-kind.ts';
import { type AttributeMap, setFields } from './attribute-list.ts';
import { formatDecimal, parseDecimal, parseDecimalInteger } from './decimal.ts';
import type { Attributes, AttributeValue, Variant } from './playlist.ts';

// RFC 8216 §4.3.4.2 EXT-X-STREAM-INF
export function parseVariant(attributes: AttributeMap, uri: string): Variant {
  // A URI attribute has no meaning here; passed on, it could name what is not ours to name.
  attributes.delete('URI');
  return readVariant(attributes, uri, variantFields);
}

// RFC 8216 §4.3.4.3 EXT-X-I-FRAME-STREAM-INF
export function parseIFrameVariant(attributes: AttributeMap): Variant | undefined {
  const uri = attributes.get('URI')?.value;
  if (uri === undefined || uri === '') return undefined;
  return readVariant(attributes, uri, iFrameVariantFields);
}

function readVariant(
  attributes: AttributeMap,
  uri: string,
  fields: (variant: Variant) => Fields,
): Variant {
  const averageBandwidth = integer(attributes, 'AVERAGE-BANDWIDTH');
  const codecs = text(attributes, 'CODECS');
  const resolution = parseResolution(text(attributes, 'RESOLUTION') ?? '');
  const frameRate = parseFrameRate(text(attributes, 'FRAME-RATE') ?? '');
  const audio = text(attributes, 'AUDIO');
  const video = text(attributes, 'VIDEO');
  const subtitles = text(attributes, 'SUBTITLES');
  const closedCaptions = text(attributes, 'CLOSED-CAPTIONS');
  const variant: Variant = {
    uri,
    // Required by the standard, forgotten by some; 0 keeps the variant playable.
    bandwidth: integer(attributes, 'BANDWIDTH') ?? 0,
    ...(averageBandwidth === undefined ? {} : { averageBandwidth }),
    ...(codecs === undefined ? {} : { codecs }),
    ...(resolution === undefined ? {} : { resolution }),
    ...(frameRate === undefined ? {} : { frameRate }),
    ...(audio === undefined ? {} : { audio }),
    ...(video === undefined ? {} : { video }),
    ...(subtitles === undefined ? {} : { subtitles }),
    ...(closedCaptions === undefined ? {} : { closedCaptions }),
    attributes,
  };
  setFields(attributes, fields(variant));
  return variant;
}

function text(attributes: Attributes, name: string): string | undefined {
  return attributes.get(name)?.value;
}

function integer(attributes: Attributes, name: string): number | undefined {
  const value = parseDecimalInteger(text(attributes, name) ?? '');
  return value === undefined || value > Number.MAX_SAFE_INTEGER ? undefined : value;
}

/** RFC 8216 §4.2 decimal-resolution; five digits are past any picture. */
const RESOLUTION = /^(\d{1,5})\s*x\s*(\d{1,5})$/i;

function parseResolution(value: string): Variant['resolution'] {
  const match = RESOLUTION.exec(value);
  return match === null ? undefined : { width: Number(match[1]), height: Number(match[2]) };
}

/** Past any camera, and well inside what six decimals hold exactly. */
const MAX_FRAME_RATE = 10_000;

function parseFrameRate(value: string): number | undefined {
  const rate = parseDecimal(value);
  return rate === undefined || rate < 0 || rate > MAX_FRAME_RATE ? undefined : rate;
}

type Fields = [name: string, value: AttributeValue | undefined][];

function whole(value: number | undefined): AttributeValue | undefined {
  return value === undefined ? undefined : bare(Math.round(value));
}

function decimal(value: number | undefined): AttributeValue | undefined {
  return value === undefined ? undefined : bare(formatDecimal(value));
}

function variantFields(variant: Variant): Fields {
  const { resolution, closedCaptions } = variant;
  return [
    ['BANDWIDTH', whole(variant.bandwidth)],
    ['AVERAGE-BANDWIDTH', whole(variant.averageBandwidth)],
    ['CODECS', quoted(variant.codecs)],
    ['RESOLUTION', resolution && bare(`${resolution.width}x${resolution.height}`)],
    ['FRAME-RATE', decimal(variant.frameRate)],
    ['AUDIO', quoted(variant.audio)],
    ['VIDEO', quoted(variant.video)],
    ['SUBTITLES', quoted(variant.subtitles)],
    ['CLOSED-CAPTIONS', closedCaptions === 'NONE' ? bare('NONE') : quoted(closedCaptions)],
  ];
}

function iFrameVariantFields(variant: Variant): Fields {
  return [...variantFields(variant), ['URI', quoted(variant.uri)]];
}

/** Every attribute of the tag, the typed fields put in. */
export function variantAttributes(variant: Variant): Attributes {
  return setFields(new Map(variant.attributes), variantFields(variant));
}

export function iFrameVariantAttributes(variant: Variant): Attributes {
  return setFields(new Map(variant.attributes), iFrameVariantFields(variant));
}
