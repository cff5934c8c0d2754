// This file reads and writes the renditions of a multivariant playlist.
import { bare, quoted } from './attribute-kind.ts';
import { type AttributeMap, setFields } from './attribute-list.ts';
import type { Attributes, AttributeValue, RenditionTag } from './playlist.ts';

const TYPES: ReadonlySet<string> = new Set(['AUDIO', 'VIDEO', 'SUBTITLES', 'CLOSED-CAPTIONS']);

function isRenditionType(type: string | undefined): type is RenditionTag['type'] {
  return type !== undefined && TYPES.has(type);
}

// RFC 8216 §4.3.4.1; undefined for a type that no player knows either
export function parseRendition(attributes: AttributeMap): RenditionTag | undefined {
  const type = attributes.get('TYPE')?.value;
  if (!isRenditionType(type)) return undefined;
  const uri = attributes.get('URI')?.value;
  const language = attributes.get('LANGUAGE')?.value;
  const rendition: RenditionTag = {
    type,
    groupId: attributes.get('GROUP-ID')?.value ?? '',
    name: attributes.get('NAME')?.value ?? language ?? '',
    // RFC 8216 §4.3.4.2.1: without a URI the media is in the variant itself; so where it is empty.
    ...(uri === undefined || uri === '' ? {} : { uri }),
    ...(language === undefined ? {} : { language }),
    isDefault: attributes.get('DEFAULT')?.value === 'YES',
    autoselect: attributes.get('AUTOSELECT')?.value === 'YES',
    attributes,
  };
  setRenditionFields(attributes, rendition);
  return rendition;
}

/** Every attribute of the tag, the typed fields put in. */
export function renditionAttributes(rendition: RenditionTag): Attributes {
  return setRenditionFields(new Map(rendition.attributes), rendition);
}

function setRenditionFields(attributes: AttributeMap, rendition: RenditionTag): AttributeMap {
  return setFields(attributes, [
    ['TYPE', bare(rendition.type)],
    ['GROUP-ID', quoted(rendition.groupId)],
    ['NAME', quoted(rendition.name)],
    ['LANGUAGE', quoted(rendition.language)],
    ['DEFAULT', flag(rendition.isDefault, attributes.has('DEFAULT'))],
    ['AUTOSELECT', flag(rendition.autoselect, attributes.has('AUTOSELECT'))],
    ['URI', quoted(rendition.uri)],
  ]);
}

/** NO is the default and is written only where it was. */
function flag(isSet: boolean, wasWritten: boolean): AttributeValue | undefined {
  if (isSet) return bare('YES');
  return wasWritten ? bare('NO') : undefined;
}
