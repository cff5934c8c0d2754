// This file serves the buffered mode: playlists, segments, init segments and keys from the ring.
import { Elysia } from 'elysia';
import { streamNameIn } from '../lineup/xtream/request.ts';
import { formatMultivariantPlaylist } from '../media/m3u8/format-multivariant.ts';
import type { ChannelRelay, Opened } from '../prefetch/channel/channel-relay.ts';
import type { Relays } from '../prefetch/channel/relays.ts';
import type { Rendition } from '../prefetch/rendition/rendition.ts';
import { onlyVariant, pickVariant, renditionIdIn } from '../source/pull/renditions.ts';
import type { ArchiveAnswers } from './archive-answers.ts';
import { isRewind } from './archive-query.ts';
import { rewound } from './archive-rewind.ts';
import { bodyResponse } from './body-response.ts';
import { unlessChanged } from './changed-channel.ts';
import { badQuality, problemResponse, refuse, shown, unknownChannel } from './error-response.ts';
import { isHead } from './head.ts';
import { type PlaylistAnswers, playlistHead, playlistResponse } from './playlist-response.ts';
import { parseHeight, queryOf } from './query.ts';

type Answer = Response | Promise<Response>;

/** Who asked, for the count of viewers: asked for only where a segment is sent. */
export type AddressOf = (request: Request) => string;

export type Live = {
  readonly relays: Relays;
  readonly answers: PlaylistAnswers;
  readonly archive: ArchiveAnswers;
};

/** Xtream clients have user, password and number where ours have channel, rendition and name. */
export type ByNumber = (user: string, password: string, name: string, request: Request) => Answer;

/** No hook stands on this instance: every one would cost each playlist a fifth of its time. */
export function livePlugin(live: Live, addressOf: AddressOf, byNumber: ByNumber) {
  const { relays } = live;
  return new Elysia({ name: 'live' })
    .get('/live/:channel/index.m3u8', ({ params, request }) =>
      channelPlaylist(live, params.channel, request),
    )
    .get('/live/:channel/:rendition/index.m3u8', ({ params, request }) =>
      renditionIndex(live, params.channel, params.rendition, request),
    )
    .get('/live/:channel/:rendition/:name', ({ params, request }) =>
      streamNameIn(params.name) === undefined
        ? body(relays, params.channel, params.rendition, params.name, request, addressOf)
        : byNumber(params.channel, params.rendition, params.name, request),
    );
}

/**
 * The playlist of a channel. `base` stands before every URI written: empty for relative ones, or
 * an absolute URL ending in the channel's folder.
 */
export function channelPlaylist(live: Live, id: string, request: Request, base = ''): Answer {
  const query = queryOf(request.url);
  if (isRewind(query)) return rewound(live.archive, id, query, request, base);
  if (live.relays.config(id) === undefined) return unknownChannel(id, request);
  const height = parseHeight(query);
  if (height === 'invalid') return badQuality(request);
  if (isHead(request)) {
    const known = live.relays.peek(id);
    if (known?.opened === undefined) return playlistHead();
    return openedPlaylist(live, known, known.opened, height, base, request);
  }
  const relay = live.relays.get(id) as ChannelRelay;
  const ask = () => channelPlaylist(live, id, request, base);
  const opened = relay.open();
  if (opened instanceof Promise) {
    const answer = opened.then((found) =>
      found.kind === 'open'
        ? attended(relay, openedPlaylist(live, relay, found, height, base, request), request)
        : refuse(found, request),
    );
    return unlessChanged(live.relays, relay, answer, ask);
  }
  const answer = openedPlaylist(live, relay, opened, height, base, request);
  return unlessChanged(live.relays, relay, attended(relay, answer, request), ask);
}

/** Whoever waits for an answer watches, however long that takes. */
function attended(relay: ChannelRelay, answer: Answer, request: Request): Answer {
  return answer instanceof Promise ? relay.during(answer, request.signal) : answer;
}

function openedPlaylist(
  live: Live,
  relay: ChannelRelay,
  opened: Opened,
  height: number | undefined,
  base: string,
  request: Request,
): Answer {
  const { multivariant, main } = opened;
  if (multivariant === undefined) {
    return renditionPlaylist(live, relay, main, `${base}${main.id}/`, request);
  }
  const variant = height === undefined ? undefined : pickVariant(multivariant, height);
  if (variant === undefined) return multivariantResponse(opened, base, request);
  const hasGroups = [variant.audio, variant.video, variant.subtitles].some((g) => g !== undefined);
  const id = renditionIdIn(variant.uri);
  const rendition = relay.peek(id);
  if (hasGroups || rendition === undefined) {
    const text = formatMultivariantPlaylist(based(onlyVariant(multivariant, variant), base));
    return playlistResponse(text, request);
  }
  // A box that takes no multivariant playlist gets the one variant it asked for
  return renditionPlaylist(live, relay, rendition, `${base}${id}/`, request);
}

/** The rendition of the channel that `?quality=` asks for; the first where it does not. */
export function renditionFor(
  relay: ChannelRelay,
  { multivariant, main }: Opened,
  height: number | undefined,
): Rendition {
  if (multivariant === undefined || height === undefined) return main;
  const variant = pickVariant(multivariant, height);
  return (variant === undefined ? undefined : relay.peek(renditionIdIn(variant.uri))) ?? main;
}

/** What a channel offers changes only when its source is opened anew. */
const texts = new WeakMap<Opened, string>();

function multivariantResponse(opened: Opened, base: string, request: Request): Response {
  const { multivariant } = opened as Required<Opened>;
  if (base !== '') {
    return playlistResponse(formatMultivariantPlaylist(based(multivariant, base)), request);
  }
  let text = texts.get(opened);
  if (text === undefined) {
    text = formatMultivariantPlaylist(multivariant);
    texts.set(opened, text);
  }
  return playlistResponse(text, request);
}

function based(playlist: Required<Opened>['multivariant'], base: string): typeof playlist {
  if (base === '') return playlist;
  return {
    ...playlist,
    variants: playlist.variants.map((variant) => ({ ...variant, uri: base + variant.uri })),
    iFrames: playlist.iFrames.map((variant) => ({ ...variant, uri: base + variant.uri })),
    renditions: playlist.renditions.map((tag) =>
      tag.uri === undefined ? tag : { ...tag, uri: base + tag.uri },
    ),
  };
}

function renditionPlaylist(
  { answers }: Live,
  relay: ChannelRelay,
  rendition: Rendition,
  prefix: string,
  request: Request,
): Answer {
  if (isHead(request)) {
    const isKnown = rendition.state === 'following' && rendition.ring.listedCount > 0;
    return isKnown ? answers.respond(rendition, prefix, request) : playlistHead();
  }
  const answer = rendition.playlist(relay.isProbe);
  if (answer instanceof Promise) {
    return answer.then((found) =>
      found.kind === 'ready' ? answers.respond(rendition, prefix, request) : refuse(found, request),
    );
  }
  return answer.kind === 'ready'
    ? answers.respond(rendition, prefix, request)
    : refuse(answer, request);
}

function renditionIndex(live: Live, id: string, rendition: string, request: Request): Answer {
  if (isHead(request) && live.relays.config(id) !== undefined) {
    const relay = live.relays.peek(id);
    if (relay?.opened === undefined) return playlistHead();
    const found = relay.peek(rendition);
    if (found === undefined) return unknownRendition(rendition, request);
    return renditionPlaylist(live, relay, found, '', request);
  }
  return withRendition(live.relays, id, rendition, request, (found, relay) => {
    return renditionPlaylist(live, relay, found, '', request);
  });
}

function body(
  relays: Relays,
  id: string,
  rendition: string,
  name: string,
  request: Request,
  addressOf: AddressOf,
): Answer {
  if (isHead(request) && relays.config(id) !== undefined) {
    const found = relays.peek(id)?.peek(rendition);
    const known = found?.peek(name) ?? { kind: 'missing' };
    const isHere = known.kind !== 'gone' && known.kind !== 'missing';
    const copied = isHere ? undefined : found?.copied(name);
    if (copied === undefined) return bodyResponse(name, known, request);
    return copied.then((settled) => bodyResponse(name, settled ?? known, request));
  }
  return withRendition(relays, id, rendition, request, (found, relay) => {
    relay.seen(addressOf(request));
    const result = found.body(name);
    return result instanceof Promise
      ? result.then((settled) => bodyResponse(name, settled, request))
      : bodyResponse(name, result, request);
  });
}

function withRendition(
  relays: Relays,
  id: string,
  rendition: string,
  request: Request,
  run: (found: Rendition, relay: ChannelRelay) => Answer,
): Answer {
  const relay = relays.get(id);
  if (relay === undefined) return unknownChannel(id, request);
  const found = relay.rendition(rendition);
  const ask = () => withRendition(relays, id, rendition, request, run);
  if (!(found instanceof Promise)) {
    if (found === undefined) return unknownRendition(rendition, request);
    return unlessChanged(relays, relay, attended(relay, run(found, relay), request), ask);
  }
  const answer = found.then((settled) => {
    if (settled === undefined) return unknownRendition(rendition, request);
    return 'kind' in settled
      ? refuse(settled, request)
      : attended(relay, run(settled, relay), request);
  });
  return unlessChanged(relays, relay, answer, ask);
}

function unknownRendition(id: string, request: Request): Response {
  const message = `Cannot play ${shown(id)}: the channel has no such rendition`;
  return problemResponse({ status: 404, code: 'DELIVERY_UNKNOWN_RENDITION', message }, request);
}
