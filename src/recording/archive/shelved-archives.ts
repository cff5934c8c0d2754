// This file is what is held of each channel's past, for those who serve it.
import type { Clock } from '../../base/clock.ts';
import { SingleFlight } from '../../base/single-flight.ts';
import type { ArchiveRows, RenditionRow, SegmentRow } from '../../channel/archive-rows.ts';
import type { MultivariantPlaylist } from '../../media/m3u8/playlist.ts';
import type { BodyForm, Stored } from '../../ring/tiers/tier.ts';
import { parseKeptPlaylist, parseRenditionAbout, type RenditionAbout } from './archive-about.ts';
import { segmentOf } from './archive-rendition.ts';
import type {
  ArchivedBody,
  ArchivedChannel,
  ArchivedRendition,
  ArchivedSegment,
  Archives,
  TimeSpan,
} from './archived.ts';
import type { Archivist } from './archivist.ts';
import type { ChannelArchive } from './channel-archive.ts';
import type { Exactness } from './exactness.ts';

export type ShelvedArchivesDeps = {
  readonly rows: ArchiveRows;
  readonly archivist: Archivist;
  readonly exactness: Exactness;
  readonly clock: Clock;
};

/** Half of what a viewer waits for anything: then it hears that it should come again. */
const BODY_MS = 5000;
const LATE_RETRY_S = 2;

/** With what all renditions share. */
type RenditionDeps = ShelvedArchivesDeps & {
  /** However many ask for one body at once, its shelf is asked once: they all wait equally long. */
  readonly asked: SingleFlight<Stored | undefined>;
};

/** Each question is answered from the index, in some ten microseconds; nothing is remembered here. */
export class ShelvedArchives implements Archives {
  readonly #deps: RenditionDeps;
  /** By the text it was read from: it changes when a channel is opened otherwise. */
  readonly #playlists = new Map<string, MultivariantPlaylist | undefined>();

  constructor(deps: ShelvedArchivesDeps) {
    this.#deps = { ...deps, asked: new SingleFlight() };
  }

  channel(id: string): ArchivedChannel | undefined {
    const channel = this.#deps.archivist.get(id);
    // Where its shelf is not configured any more nothing of it can be had
    if (channel?.shelf === undefined) return undefined;
    const rows = this.#deps.rows.renditions(id);
    if (rows.length === 0) return undefined;
    const { main, playlist } = channel.about ?? {};
    const renditions = rows.map((row) => new ShelvedRendition(row, channel, this.#deps));
    // The others stay as they are: the sort is stable
    renditions.sort((a, b) => Number(b.id === main) - Number(a.id === main));
    const multivariant = playlist === undefined ? undefined : this.#playlist(playlist);
    return {
      renditions,
      rendition: (name) => renditions.find((rendition) => rendition.id === name),
      ...(multivariant === undefined ? {} : { multivariant }),
    };
  }

  #playlist(text: string): MultivariantPlaylist | undefined {
    if (!this.#playlists.has(text)) {
      if (this.#playlists.size >= PLAYLISTS_MAX) this.#playlists.clear();
      this.#playlists.set(text, parseKeptPlaylist(text));
    }
    return this.#playlists.get(text);
  }
}

const PLAYLISTS_MAX = 1000;

class ShelvedRendition implements ArchivedRendition {
  readonly #row: RenditionRow;
  readonly #channel: ChannelArchive;
  readonly #deps: RenditionDeps;
  readonly #about: RenditionAbout;

  constructor(row: RenditionRow, channel: ChannelArchive, deps: RenditionDeps) {
    this.#row = row;
    this.#channel = channel;
    this.#deps = deps;
    this.#about = parseRenditionAbout(row.about);
  }

  get id(): string {
    return this.#row.rendition;
  }

  get kind(): ArchivedRendition['kind'] {
    return this.#about.kind;
  }

  get targetDurationS(): number {
    return this.#about.targetDurationS;
  }

  get independentSegments(): boolean {
    return this.#about.independentSegments;
  }

  held(): TimeSpan | undefined {
    const { rows } = this.#deps;
    const first = rows.first(this.#row.id);
    const last = rows.last(this.#row.id);
    if (first === undefined || last === undefined) return undefined;
    return { fromMs: first.startMs, toMs: last.endMs };
  }

  segments({ fromMs, toMs }: TimeSpan, countMax: number): readonly ArchivedSegment[] {
    const { rows, clock } = this.#deps;
    const nowMs = clock.nowMs();
    return rows
      .between(this.#row.id, fromMs, toMs, countMax)
      .map((segment) => segmentOf(segment, nowMs));
  }

  keep({ fromMs, toMs }: TimeSpan, untilMs: number): void {
    const held = this.held();
    if (held === undefined) return;
    const span = { fromMs: Math.max(fromMs, held.fromMs), toMs: Math.min(toMs, held.toMs) };
    this.#channel.holds.keep(span, untilMs, this.#deps.clock.nowMs());
  }

  async body(name: string, form: BodyForm = 'memory'): Promise<ArchivedBody> {
    const { rows, clock } = this.#deps;
    const asset = rows.asset(this.#row.id, name);
    if (asset !== undefined) {
      const { body, contentType } = asset;
      return { kind: 'whole', body: new Blob([body as BlobPart]), contentType };
    }
    const row = rows.named(this.#row.id, name);
    if (row === undefined) return { kind: 'missing' };
    const segment = segmentOf(row, clock.nowMs());
    if (segment.gap) return { kind: row.gap === '' || row.gap === 'lost' ? 'gone' : 'missing' };
    const stored = await this.#stored(segment, form);
    if (stored !== undefined) return { kind: 'whole', ...stored, startMs: row.startMs };
    return await this.#notHere(row);
  }

  async #stored(segment: ArchivedSegment, form: BodyForm): Promise<Stored | undefined> {
    const { channel, rendition } = this.#row;
    const { shelf } = this.#channel;
    if (shelf === undefined) return undefined;
    const id = JSON.stringify([channel, rendition, segment.name, form]);
    const ask = () => shelf.get({ channel, rendition }, segment, BODY_MS, form);
    return await this.#deps.asked.run(id, ask);
  }

  /** It did not come: is it gone, or only late? */
  async #notHere(row: SegmentRow): Promise<ArchivedBody> {
    const lost = await this.#deps.exactness.check(this.#channel, this.#row, [row]);
    if (lost?.includes(row.number)) return { kind: 'gone' };
    return { kind: 'late', retryAfterS: LATE_RETRY_S };
  }
}
