// This file is the entry of a prefetch worker: it runs the loops it is told to run.
import { assert, assertNever } from '../../base/assert.ts';
import { systemClock } from '../../base/clock.ts';
import { systemRandom } from '../../base/random.ts';
import type { Outbound } from '../../net/outbound.ts';
import { createOutbound } from '../../net/outbound-client.ts';
import { type ScopedOutbound, scoped } from '../../net/scoped-outbound.ts';
import { type BodyMaker, fileBodies, heapBody } from '../../ring/memory-files.ts';
import type { LookRequest } from '../../source/stream/first-answer.ts';
import type { LoopEvent, LoopSpec } from '../messages.ts';
import { judging } from './content-judge.ts';
import { createFollowedSource } from './followed-source.ts';
import { HeldLooks } from './held-looks.ts';
import { SharedOriginGate } from './origin-gate.ts';
import { RenditionLoop } from './rendition-loop.ts';
import type { FromWorker, ToWorker, WorkerSettings } from './thread-messages.ts';

declare const self: Worker;

/**
 * A body is here twice until it is collected, in the pieces it came in and as the Blob that was
 * handed over; this thread serves nobody, so it may collect often.
 */
const COLLECT_AFTER_BYTES = 4 * 1024 * 1024;

/** A loop, and the connections it has open. */
type Running = { readonly loop: RenditionLoop; readonly outbound: ScopedOutbound };

type World = {
  readonly outbound: Outbound & AsyncDisposable;
  readonly gate: SharedOriginGate;
  readonly looks: HeldLooks;
  readonly makeBody: BodyMaker;
};

const loops = new Map<number, Running>();
let world: World | undefined;
let loadedSinceCollection = 0;

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  switch (data.type) {
    case 'settings':
      world = createWorld(data.settings);
      break;
    case 'open':
      loops.set(data.loop, openLoop(data.loop, data.spec, data.look));
      break;
    case 'look':
      void look(data.look, data.request);
      break;
    case 'leave':
      void leave(data.look);
      break;
    case 'mode':
      loops.get(data.loop)?.loop.setMode(data.mode);
      break;
    case 'want':
      loops.get(data.loop)?.loop.want(data.key);
      break;
    case 'unwant':
      loops.get(data.loop)?.loop.unwant(data.key);
      break;
    case 'asked':
      loops.get(data.loop)?.loop.asked(data.ordinal);
      break;
    case 'found':
      loops.get(data.loop)?.loop.found(data.key, data.body);
      break;
    case 'close':
      void closeLoop(data.loop);
      break;
    case 'ping':
      post({ type: 'pong' });
      break;
    case 'end':
      void end();
      break;
    default:
      assertNever(data);
  }
};

function createWorld(settings: WorkerSettings): World {
  const { allowPrivate, userAgent, gateTable, worker, perOrigin, bodyFolder } = settings;
  const outbound = createOutbound({ clock: systemClock, allowPrivate, userAgent });
  return {
    outbound,
    looks: new HeldLooks(outbound, systemClock),
    gate: new SharedOriginGate(gateTable, worker, perOrigin, systemClock),
    makeBody: bodyFolder === undefined ? heapBody : fileBodies(bodyFolder),
  };
}

/** `look`: the one that left its stream open for this loop. */
function openLoop(id: number, told: LoopSpec, look: number | undefined): Running {
  assert(world !== undefined, 'settings come before the first loop');
  const handed = look === undefined ? undefined : world.looks.handOver(look);
  const outbound = handed?.outbound ?? scoped(world.outbound);
  const spec = handed === undefined ? told : { ...told, first: handed.stream };
  const loop = new RenditionLoop(spec, {
    clock: systemClock,
    random: systemRandom,
    gate: world.gate,
    makeBody: world.makeBody,
    source: createFollowedSource(spec, outbound, systemClock, systemRandom),
    emit: judging(spec, (event) => emit(id, event)),
  });
  return { loop, outbound };
}

async function look(id: number, request: LookRequest): Promise<void> {
  assert(world !== undefined, 'settings come before the first look');
  const found = await world.looks.look(id, request);
  post({ type: 'looked', look: id, found });
}

async function leave(id: number): Promise<void> {
  await world?.looks.leave(id);
  post({ type: 'left', look: id });
}

async function closeLoop(id: number): Promise<void> {
  const running = loops.get(id);
  loops.delete(id);
  running?.loop[Symbol.dispose]();
  await running?.loop.closed;
  running?.outbound[Symbol.dispose]();
  post({ type: 'closed', loop: id });
}

async function end(): Promise<void> {
  const closing = [...loops.values()].map(({ loop }) => {
    loop[Symbol.dispose]();
    return loop.closed;
  });
  loops.clear();
  await Promise.all(closing);
  await world?.outbound[Symbol.asyncDispose]();
  post({ type: 'ended' });
}

function emit(loop: number, event: LoopEvent): void {
  post({ type: 'event', loop, event });
  if (event.type !== 'loaded') return;
  loadedSinceCollection += event.body.size;
  if (loadedSinceCollection < COLLECT_AFTER_BYTES) return;
  loadedSinceCollection = 0;
  Bun.gc(true);
}

function post(message: FromWorker): void {
  self.postMessage(message);
}
