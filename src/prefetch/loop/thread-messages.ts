// This file holds the envelope in which loop messages cross threads.
import type { ErrorRecord } from '../../base/errors.ts';
import type { PlaylistText } from '../../source/pull/hls.ts';
import type { LookRequest } from '../../source/stream/first-answer.ts';
import type { BodyKey, LoopEvent, LoopMode, LoopSpec } from '../messages.ts';

export type WorkerSettings = {
  /** Index of the worker: its row in the gate table. */
  readonly worker: number;
  readonly gateTable: SharedArrayBuffer;
  readonly perOrigin: number;
  readonly allowPrivate: readonly string[];
  readonly userAgent: string;
  /** Where bodies lie in files in memory; absent: they are on the heap. */
  readonly bodyFolder?: string;
};

export type ToWorker =
  | { readonly type: 'settings'; readonly settings: WorkerSettings }
  /** `look`: its stream is open from then, and is read by this loop. */
  | {
      readonly type: 'open';
      readonly loop: number;
      readonly spec: LoopSpec;
      readonly look?: number;
    }
  | { readonly type: 'mode'; readonly loop: number; readonly mode: LoopMode }
  | { readonly type: 'want'; readonly loop: number; readonly key: BodyKey }
  | { readonly type: 'unwant'; readonly loop: number; readonly key: BodyKey }
  | { readonly type: 'asked'; readonly loop: number; readonly ordinal: number }
  | {
      readonly type: 'found';
      readonly loop: number;
      readonly key: BodyKey;
      readonly body: Blob | undefined;
    }
  | { readonly type: 'close'; readonly loop: number }
  /** Find out what is behind an address; a stream is kept open. */
  | { readonly type: 'look'; readonly look: number; readonly request: LookRequest }
  /** What the look has open is closed, unless a loop reads it. */
  | { readonly type: 'leave'; readonly look: number }
  | { readonly type: 'ping' }
  /** Close what is open and say so; nothing follows. */
  | { readonly type: 'end' };

export type FromWorker =
  | { readonly type: 'event'; readonly loop: number; readonly event: LoopEvent }
  /** All that the loop had open upstream is closed. */
  | { readonly type: 'closed'; readonly loop: number }
  | { readonly type: 'looked'; readonly look: number; readonly found: Found }
  /** Nothing of the look is open any more. */
  | { readonly type: 'left'; readonly look: number }
  | { readonly type: 'pong' }
  | { readonly type: 'ended' };

/** What a look found: the text of a playlist, a stream that is open there, or nothing. */
export type Found = PlaylistText | 'stream' | ErrorRecord;
