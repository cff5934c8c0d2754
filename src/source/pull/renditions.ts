// This file names the renditions of a multivariant playlist and points it at ours.

import type { MultivariantPlaylist, RenditionTag, Variant } from '../../media/m3u8/playlist.ts';
import type { Traits } from '../failover/match.ts';

export type NamedRendition = {
  readonly id: string;
  readonly url: string;
  readonly traits: Traits;
};

export type NamedPlaylist = {
  readonly renditions: readonly NamedRendition[];
  /** The playlist with `{id}/index.m3u8` in place of every URI. */
  readonly playlist: MultivariantPlaylist;
};

/**
 * Ids come from what a rendition is, not from where it stands in the list: an upstream that
 * reorders its variants, or moves them to another host, keeps their names.
 */
export function nameRenditions(playlist: MultivariantPlaylist, base: string): NamedPlaylist {
  const idOf = new Map<string, string>();
  const taken = new Set<string>();
  const renditions: NamedRendition[] = [];
  const name = (uri: string, wanted: string, traits: Traits): string => {
    const url = URL.parse(uri, base)?.href ?? uri;
    const known = idOf.get(url);
    if (known !== undefined) return `${known}/index.m3u8`;
    let id = wanted;
    for (let n = 2; taken.has(id); n++) id = `${wanted}-${n}`;
    taken.add(id);
    idOf.set(url, id);
    renditions.push({ id, url, traits });
    return `${id}/index.m3u8`;
  };
  const variants = playlist.variants.map((variant) => ({
    ...variant,
    uri: name(variant.uri, variantId(variant), variantTraits('variant', variant)),
  }));
  const tags = playlist.renditions.map((tag) =>
    tag.uri === undefined ? tag : { ...tag, uri: name(tag.uri, tagId(tag), tagTraits(tag)) },
  );
  const iFrames = playlist.iFrames.map((variant) => ({
    ...variant,
    uri: name(variant.uri, `iframe-${variantId(variant)}`, variantTraits('iframe', variant)),
  }));
  // AES-128 session keys are a hint to preload; the keys themselves are served under our names
  const sessionKeys = playlist.sessionKeys.filter((key) => key.method !== 'AES-128');
  return {
    renditions,
    playlist: { ...playlist, variants, renditions: tags, iFrames, sessionKeys },
  };
}

/** The id in a URI as `nameRenditions` writes it. */
export function renditionIdIn(uri: string): string {
  return uri.slice(0, uri.lastIndexOf('/'));
}

/** The rendition of sound that belongs to a variant and has a playlist of its own: the default one. */
export function soundOfVariant(
  { variants, renditions }: MultivariantPlaylist,
  variantId: string,
): { readonly id: string; readonly language?: string } | undefined {
  const variant = variants.find(({ uri }) => renditionIdIn(uri) === variantId);
  if (variant?.audio === undefined) return undefined;
  const group = renditions.filter(
    ({ type, groupId }) => type === 'AUDIO' && groupId === variant.audio,
  );
  const tag = group.find(({ isDefault }) => isDefault) ?? group.find((one) => one.autoselect);
  const { uri, language } = tag ?? group[0] ?? {};
  // A variant of sound alone is named as the sound of others too
  if (uri === undefined || renditionIdIn(uri) === variantId) return undefined;
  return { id: renditionIdIn(uri), ...(language === undefined ? {} : { language }) };
}

function variantId(variant: Variant): string {
  const rate = `${Math.max(1, Math.round(variant.bandwidth / 1000))}k`;
  return variant.resolution === undefined ? rate : `${variant.resolution.height}p-${rate}`;
}

function variantTraits(kind: 'variant' | 'iframe', variant: Variant): Traits {
  const { bandwidth, resolution } = variant;
  return { kind, bandwidth, ...(resolution === undefined ? {} : { height: resolution.height }) };
}

const ID = /^(?:(audio|video|subtitles|closed-captions|iframe)-)?(?:(\d+)p)?(?:-?(\d+)k)?/;

/** What the rendition with this id was, as far as the id tells: its source plays no more. */
export function traitsOfId(id: string): Traits {
  const [, prefix, height, rate] = ID.exec(id) ?? [];
  const kind =
    prefix === 'closed-captions' ? 'subtitles' : ((prefix ?? 'variant') as Traits['kind']);
  return {
    kind,
    ...(height === undefined ? {} : { height: Number(height) }),
    ...(rate === undefined ? {} : { bandwidth: Number(rate) * 1000 }),
  };
}

const KIND_OF_TAG = {
  AUDIO: 'audio',
  VIDEO: 'video',
  SUBTITLES: 'subtitles',
  'CLOSED-CAPTIONS': 'subtitles',
} as const;

function tagTraits({ type, language, name }: RenditionTag): Traits {
  return { kind: KIND_OF_TAG[type], name, ...(language === undefined ? {} : { language }) };
}

function tagId(tag: RenditionTag): string {
  const words = [tag.type, tag.groupId, tag.language ?? '', tag.name].map(slug).filter(Boolean);
  return words.join('-').slice(0, 60);
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}

/**
 * The best variant not above `height`, else the lowest there is; of equals the one with the
 * highest bandwidth. A variant that does not say its height counts as lower than any that does.
 */
export function pickVariant(playlist: MultivariantPlaylist, height: number): Variant | undefined {
  const heightOf = (variant: Variant) => variant.resolution?.height ?? 0;
  const best = (variants: readonly Variant[], sign: 1 | -1) =>
    variants.toSorted((a, b) => sign * (heightOf(b) - heightOf(a)) || b.bandwidth - a.bandwidth)[0];
  const fitting = playlist.variants.filter((variant) => heightOf(variant) <= height);
  return best(fitting, 1) ?? best(playlist.variants, -1);
}

/** The playlist reduced to one variant and the groups it names. */
export function onlyVariant(
  playlist: MultivariantPlaylist,
  variant: Variant,
): MultivariantPlaylist {
  const groups = new Set([variant.audio, variant.video, variant.subtitles, variant.closedCaptions]);
  return {
    ...playlist,
    variants: [variant],
    renditions: playlist.renditions.filter((tag) => groups.has(tag.groupId)),
    iFrames: [],
  };
}
