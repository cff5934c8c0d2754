// This file is the world of a rendition loop: what it works with, and by what it tells.
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { BodyMaker } from '../../ring/memory-files.ts';
import type { RenditionSource } from '../../source/source.ts';
import type { LoopEvent } from '../messages.ts';
import type { OriginGate } from './origin-gate.ts';

export type LoopDeps = {
  readonly clock: Clock;
  readonly random: Random;
  readonly gate: OriginGate;
  readonly source: RenditionSource;
  readonly emit: (event: LoopEvent) => void;
  readonly makeBody: BodyMaker;
};
