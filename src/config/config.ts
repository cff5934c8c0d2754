// This file holds the configuration as the program uses it: every unit resolved, every default in.
import type { DatagramTarget } from '../net/datagram-target.ts';
import type { ArchiveConfig } from './resolve-archive.ts';
import type { GuideSetting } from './resolve-guides.ts';
import type { DeviceSetting } from './resolve-hdhomerun.ts';
import type { LineUpSetting } from './resolve-lineups.ts';
import type { OverflowTier } from './resolve-overflow.ts';

/** Where a segment body comes from once it is known what it is called. */
export type SourceConfig = UrlSource | DatagramSource | TemplateSource | LoopSource;

/** How long each step of an upstream request may take; absent: derived from the target duration. */
export type Timeouts = {
  readonly connectMs?: number;
  readonly firstByteMs?: number;
  readonly betweenBytesMs?: number;
  readonly totalMs?: number;
};

type Reach = {
  /** Lower-case names; user_agent and referer are folded in. */
  readonly headers: Readonly<Record<string, string>>;
  readonly proxy?: string;
  readonly verifyTls: boolean;
  readonly allowDowngrade: boolean;
  readonly timeouts: Timeouts;
  /** Name of the provider whose connections this source counts against. */
  readonly provider?: string;
};

/** An HLS playlist, multivariant or media, or an endless MPEG-TS stream: its answer tells. */
export type UrlSource = Reach & {
  readonly kind: 'url';
  readonly url: string;
  /** Wanted length of the segments that an endless stream is cut into; 4 s where absent. */
  readonly segmentMs?: number;
};

/** Endless MPEG-TS that is sent to a multicast group or to this machine. */
export type DatagramSource = {
  readonly kind: 'datagram';
  /** As it was written. */
  readonly url: string;
  readonly target: DatagramTarget;
  readonly segmentMs: number;
  readonly timeouts: Timeouts;
};

/** A computed source: no playlist is fetched, the clock says which segment is the newest. */
export type TemplateSource = Reach & {
  readonly kind: 'template';
  /** Holds {sequence}, {begin}, {time} or {quality}. */
  readonly template: string;
  readonly sequence: {
    /** Wall time, milliseconds since the epoch, at which segment `first` began. */
    readonly atMs: number;
    readonly first: number;
    readonly durationMs: number;
    /** How long after its end a segment is there to be fetched. */
    readonly delayMs: number;
  };
  /** Height → what {quality} becomes, highest first; empty where the template has no {quality}. */
  readonly qualities: readonly { readonly height: number; readonly value: string }[];
  /** A real playlist the guess is checked against every `checkEveryMs`. */
  readonly playlist?: string;
  readonly checkEveryMs: number;
};

/** Files, or the demo inside the binary, as an endless live channel. */
export type LoopSource = {
  readonly kind: 'loop';
  /** MPEG-TS files played in order for ever; 'demo' and 'card' are inside the binary. */
  readonly files: readonly string[] | 'demo' | 'card';
};

/** `serve`: players get the pictures of channels from here; `link`: from wherever they lie. */
export type LogoMode = 'serve' | 'link';

export type ChannelMode = 'buffered' | 'proxy' | 'host' | 'redirect';

/** How long there may be nothing to hear or see; absent: for ever. */
export type BlankLimits = { readonly silenceMs?: number; readonly blackMs?: number };

export type ChannelConfig = {
  readonly id: string;
  readonly name: string;
  readonly number?: number;
  readonly group?: string;
  /** http, https, data, or file where the configuration names one. */
  readonly logo?: string;
  readonly guide?: string;
  /** How much later than the guide says its programmes begin; earlier where below nothing. */
  readonly guideShiftMs?: number;
  /** Of VLC, where a line-up asks for some: by name. */
  readonly vlcOptions?: Readonly<Record<string, string>>;
  /** A panel says that it is nothing for children. */
  readonly isAdult?: true;
  readonly mode: ChannelMode;
  readonly sources: readonly SourceConfig[];
  /** Runs without viewers too. */
  readonly keepWarm: boolean;
  /** What plays while no source does. */
  readonly slate?: LoopSource;
  /** Absent where the channel asks for none of it. */
  readonly failover?: BlankLimits;
  /** What is kept of what was shown; such a channel runs without viewers too. */
  readonly archive?: ArchiveConfig;
};

export type Config = {
  readonly listen: { readonly host: string; readonly port: number };
  readonly publicUrl?: string;
  readonly dataDir: string;
  /** Of the Postgres that all nodes agree by; absent: a file under `dataDir`. */
  readonly storeUrl?: string;
  /** The ring's budget over all channels. */
  readonly memoryBytes: number;
  readonly prefetch: {
    /** Segments held beyond what viewers have asked for. */
    readonly ahead: number;
    readonly idleStopMs: number;
    readonly workers: number;
    /** Fetches at once to one origin, over all workers. */
    readonly perOrigin: number;
    readonly segmentMaxBytes: number;
  };
  readonly connections: {
    /** Open connections from one address. */
    readonly perAddress: number;
  };
  /** CIDR blocks of private address space that upstreams may lie in. */
  readonly allowPrivate: readonly string[];
  /** Address blocks of those whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  readonly log: {
    readonly level: 'debug' | 'info' | 'warn' | 'error';
    readonly format: 'auto' | 'pretty' | 'json';
  };
  readonly logos: LogoMode;
  /** Name of a provider → the connections it allows at once. */
  readonly providers: ReadonlyMap<string, number>;
  /** Where segments go beyond memory, in the order in which they are looked for. */
  readonly overflow: readonly OverflowTier[];
  /** The most that all archives may hold together; absent: as much as it takes. */
  readonly archiveBytes?: number;
  /** How much more of a programme is had from an archive than the guide says. */
  readonly archivePad: { readonly beforeMs: number; readonly afterMs: number };
  /** The one that is asked first comes first. */
  readonly guides: readonly GuideSetting[];
  /** The first is what a client finds at the root. */
  readonly devices: readonly DeviceSetting[];
  /** Those of the file, then those of `--m3u`. */
  readonly lineUps: readonly LineUpSetting[];
  readonly channels: readonly ChannelConfig[];
};
