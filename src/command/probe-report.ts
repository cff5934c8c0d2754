// This file writes what a probe saw, for people and for programs.
import { redactUrl } from '../base/redact.ts';
import { formatSize } from '../config/size.ts';
import type { MediaPlaylist, Variant } from '../media/m3u8/playlist.ts';
import type { Answer } from './probe-fetch.ts';
import { hintsOf, isPlayable } from './probe-hints.ts';
import { streamRows } from './probe-stream.ts';
import type { Probed, ProbedMedia, ProbedSegment } from './probe-upstream.ts';

/** A list of more rows than this is cut; --json has all of them. */
const MAX_ROWS = 12;

export function formatProbe(url: string, probed: Probed): string {
  const blocks = [
    `${redactUrl(url)}\n${rows(answerRows(probed.answer))}`,
    probed.stream === undefined
      ? probed.other && `No playlist: it is ${probed.other.looksLike}`
      : `Endless transport stream\n${rows(streamRows(probed.stream))}`,
    multivariantBlock(probed),
    probed.media === undefined ? '' : mediaBlock(probed.media, probed.multivariant !== undefined),
    outcomeBlock(probed),
    listBlock('Mind', hintsOf(probed)),
  ];
  return `${blocks.filter((block) => block !== undefined && block !== '').join('\n\n')}\n`;
}

function answerRows(answer: Answer): [string, string][] {
  const size = `${formatSize(answer.sizeBytes)} in ${answer.tookMs} ms`;
  const type = answer.contentType === '' ? 'no content type' : answer.contentType;
  return [
    ['answer', `${answer.status}, ${printable(type)}, ${size}`],
    ...(answer.isRedirected ? [['redirected', `to ${answer.url}`] as [string, string]] : []),
  ];
}

function multivariantBlock({ multivariant }: Probed): string {
  if (multivariant === undefined) return '';
  const { variants, renditions } = multivariant;
  const shown = variants.slice(0, MAX_ROWS).map(variantText);
  const tracks = renditions.slice(0, MAX_ROWS).map(({ type, name, language, isDefault }) => {
    const words = [name, language ?? '', isDefault ? 'default' : ''].filter((word) => word !== '');
    return `${type.toLowerCase()}: ${words.map(printable).join(', ')}`;
  });
  const title = `Multivariant playlist with ${count(variants.length, 'variant')}`;
  return listBlock(title, [...shown, ...tracks]);
}

function variantText(variant: Variant): string {
  const { resolution, frameRate, codecs, bandwidth } = variant;
  const size =
    resolution === undefined ? 'no resolution' : `${resolution.width}x${resolution.height}`;
  const rate = frameRate === undefined ? '' : `, ${frameRate} fps`;
  const codec = codecs === undefined ? ', codecs not said' : `, ${printable(codecs)}`;
  return `${size}${rate}, ${(bandwidth / 1e6).toFixed(1)} Mbit/s${codec}`;
}

function mediaBlock(media: ProbedMedia, isVariant: boolean): string {
  const { playlist, newest, delay, second } = media;
  const title = isVariant ? 'Media playlist of the best variant' : 'Media playlist';
  const moved =
    second && `${count(second.newSegments, 'new segment')} after ${second.afterS.toFixed(1)} s`;
  return `${title}\n${rows([
    ...(isVariant ? answerRows(media.answer) : []),
    ['segments', segmentText(playlist)],
    ['sequence', sequenceText(playlist)],
    ['encryption', encryptionText(playlist)],
    ...(newest === undefined ? [] : newestRows(newest, playlist)),
    ...(delay === undefined
      ? []
      : [pair('delay', `${delay.seconds.toFixed(1)} s behind now, by ${delay.by}`)]),
    ...(moved === undefined ? [] : [pair('second look', moved)]),
  ])}`;
}

function segmentText({ segments, targetDuration, endList }: MediaPlaylist): string {
  const lengths = segments.map(({ duration }) => duration);
  const window = lengths.reduce((sum, length) => sum + length, 0);
  const [least, most] = [Math.min(...lengths), Math.max(...lengths)];
  const range = least === most ? `${least} s` : `${least} to ${most} s`;
  const spread = lengths.length === 0 ? '' : ` of ${range}`;
  const end = endList ? ', finished' : '';
  return `${segments.length}${spread}, ${window.toFixed(1)} s in all, target ${targetDuration} s${end}`;
}

function sequenceText({ mediaSequence, segments }: MediaPlaylist): string {
  const breaks = segments.filter(({ discontinuity }) => discontinuity).length;
  const gaps = segments.filter(({ gap }) => gap).length;
  const last = mediaSequence + Math.max(0, segments.length - 1);
  return `${mediaSequence} to ${last}, ${count(breaks, 'discontinuity')}, ${count(gaps, 'gap')}`;
}

function encryptionText({ segments }: MediaPlaylist): string {
  const methods = new Set(segments.flatMap(({ keys }) => keys.map(({ method }) => method)));
  return methods.size === 0 ? 'none' : [...methods].map(printable).join(', ');
}

function newestRows(newest: ProbedSegment, playlist: MediaPlaylist): [string, string][] {
  const { answer, durationS, flaw, tracks } = newest;
  const rate = (answer.sizeBytes * 8) / 1e6;
  const pace = durationS / Math.max(0.001, answer.tookMs / 1000);
  const how = `${formatSize(answer.sizeBytes)} in ${answer.tookMs} ms, first byte after ${answer.firstByteMs} ms`;
  const hasMap = playlist.segments.some(({ map }) => map !== undefined);
  const container =
    newest.container === 'fmp4' && hasMap ? 'fmp4 with an init segment' : newest.container;
  const inside = tracks.length === 0 ? '' : `: ${tracks.join(', ')}`;
  return [
    ['container', `${container}${inside}`],
    ['bit rate', `${(rate / durationS).toFixed(1)} Mbit/s`],
    ['newest', `${how}, ${pace.toFixed(1)} times as fast as it plays`],
    ['whole', flaw === undefined ? 'yes' : `no: ${printable(flaw)}`],
  ];
}

function outcomeBlock(probed: Probed): string {
  if (!isPlayable(probed)) return 'A player would get: nothing';
  const heights = probed.multivariant?.variants.map(({ resolution }) => resolution?.height);
  const known = [...new Set(heights?.filter((height) => height !== undefined))];
  const choice =
    known.length < 2
      ? ''
      : `\n  one quality alone with ?quality=${known.toSorted((a, b) => a - b)[0]}`;
  const kind = probed.multivariant === undefined ? 'a media playlist' : 'a multivariant playlist';
  return `A player would get\n  /live/ID/index.m3u8, ${kind}${choice}`;
}

/** For programs: everything, secrets masked. */
export function probeJson(url: string, probed: Probed): string {
  const { multivariant, media, ...rest } = probed;
  const record = {
    ok: isPlayable(probed),
    url: redactUrl(url),
    ...rest,
    ...(multivariant === undefined ? {} : { variants: multivariant.variants.map(variantRecord) }),
    ...(media === undefined ? {} : { media: mediaRecord(media) }),
    hints: hintsOf(probed),
  };
  return `${JSON.stringify(record)}\n`;
}

function variantRecord(variant: Variant) {
  const { attributes: _, uri, ...plain } = variant;
  return { ...plain, uri: redactUrl(uri) };
}

function mediaRecord({ playlist, ...media }: ProbedMedia) {
  const { segments, targetDuration, mediaSequence, discontinuitySequence, endList } = playlist;
  const encryption = [...new Set(segments.flatMap(({ keys }) => keys.map(({ method }) => method)))];
  return {
    targetDuration,
    mediaSequence,
    discontinuitySequence,
    endList,
    durations: segments.map(({ duration }) => duration),
    encryption,
    ...media,
  };
}

function pair(name: string, text: string): [string, string] {
  return [name, text];
}

function rows(pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([name, text]) => `  ${name.padEnd(13)}${text}`).join('\n');
}

function listBlock(title: string, items: readonly string[]): string {
  return items.length === 0 ? '' : `${title}\n${items.map((item) => `  ${item}`).join('\n')}`;
}

function count(number: number, noun: string): string {
  const plural = noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`;
  return `${number} ${number === 1 ? noun : plural}`;
}

/** What an upstream wrote must not steer the terminal. */
function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '?').slice(0, 200);
}
