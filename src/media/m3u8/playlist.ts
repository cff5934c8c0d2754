// This file holds what an HLS playlist says, as plain values.

// RFC 8216 §4.3.4
export type MultivariantPlaylist = {
  readonly kind: 'multivariant';
  readonly version: number;
  readonly independentSegments: boolean;
  readonly start?: Start;
  readonly variants: readonly Variant[];
  readonly renditions: readonly RenditionTag[];
  readonly iFrames: readonly Variant[];
  /** EXT-X-SESSION-DATA and EXT-X-SESSION-KEY, as attribute lists in the order seen. */
  readonly sessionData: readonly Attributes[];
  readonly sessionKeys: readonly Key[];
  /** What its media playlists may take over with EXT-X-DEFINE:IMPORT. */
  readonly defines: Defines;
};

/** EXT-X-DEFINE: variable name → value. Every `{$name}` has been replaced by the parser. */
export type Defines = ReadonlyMap<string, string>;

/**
 * Attribute name → value as written, quotes removed. `AttributeValue` remembers the quotes; of a
 * name the standard knows they are put right.
 */
export type Attributes = ReadonlyMap<string, AttributeValue>;
export type AttributeValue = { readonly value: string; readonly quoted: boolean };

// RFC 8216 §4.3.4.2 and §4.3.4.3 (EXT-X-I-FRAME-STREAM-INF)
export type Variant = {
  /** As written in the playlist, variables replaced; relative to the playlist. */
  readonly uri: string;
  readonly bandwidth: number;
  readonly averageBandwidth?: number;
  readonly codecs?: string;
  readonly resolution?: { readonly width: number; readonly height: number };
  readonly frameRate?: number;
  readonly audio?: string;
  readonly video?: string;
  readonly subtitles?: string;
  readonly closedCaptions?: string;
  /** All attributes, those above included, so that unknown ones survive. */
  readonly attributes: Attributes;
};

// RFC 8216 §4.3.4.1
export type RenditionTag = {
  readonly type: 'AUDIO' | 'VIDEO' | 'SUBTITLES' | 'CLOSED-CAPTIONS';
  readonly groupId: string;
  readonly name: string;
  readonly uri?: string;
  readonly language?: string;
  readonly isDefault: boolean;
  readonly autoselect: boolean;
  readonly attributes: Attributes;
};

// RFC 8216 §4.3.3
export type MediaPlaylist = {
  readonly kind: 'media';
  readonly version: number;
  /** Seconds. */
  readonly targetDuration: number;
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  /** False where the tag was absent, so that a reader knows the 0 was assumed. */
  readonly hasDiscontinuitySequence: boolean;
  readonly endList: boolean;
  readonly type?: 'EVENT' | 'VOD';
  readonly iFramesOnly: boolean;
  readonly independentSegments: boolean;
  readonly start?: Start;
  readonly segments: readonly MediaSegment[];
};

// RFC 8216 §4.3.5.2
export type Start = { readonly timeOffset: number; readonly precise: boolean };

// RFC 8216 §4.3.2
export type MediaSegment = {
  /** As written, variables replaced; relative to the playlist. */
  readonly uri: string;
  /** Media sequence number. */
  readonly sequence: number;
  /** Seconds, from EXTINF. */
  readonly duration: number;
  readonly title: string;
  readonly byteRange?: ByteRange;
  /** EXT-X-DISCONTINUITY stands before this segment. */
  readonly discontinuity: boolean;
  /** Every EXT-X-KEY that applies, in order; empty where the method is NONE. */
  readonly keys: readonly Key[];
  readonly map?: MediaMap;
  /** Of this very tag, not extrapolated. */
  readonly programDateTimeMs?: number;
  readonly dateRanges: readonly Attributes[];
  readonly gap: boolean;
  /** EXT-X-BITRATE, kbit/s; never on a byte range. */
  readonly bitrate?: number;
};

// RFC 8216 §4.3.2.2: the offset is always resolved by the parser
export type ByteRange = { readonly offset: number; readonly length: number };

// RFC 8216 §4.3.2.4
export type Key = {
  readonly method: string;
  readonly uri?: string;
  /** 16 bytes as 32 lower-case hex digits. */
  readonly iv?: string;
  readonly keyFormat?: string;
  readonly keyFormatVersions?: string;
  readonly attributes: Attributes;
};

// RFC 8216 §4.3.2.5
export type MediaMap = {
  readonly uri: string;
  readonly byteRange?: ByteRange;
  /** The keys in force where the tag stood: they may differ from those of the segment. */
  readonly keys: readonly Key[];
};

export type Playlist = MultivariantPlaylist | MediaPlaylist;
