// This file is failure F36: sources that fail under viewers of one endless stream.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { withStatus } from '../support/origin/fault.ts';
import { inspectTs } from '../support/ts-inspect.ts';
import { type Stream, watchStream, wholePackets } from './recordings.ts';
import { backupOf, type Place, World } from './world.ts';

const ANY = /./;
const VIEWERS = 4;

const world = new World({
  'f36-stall': { backup: {} },
  'f36-there-and-back': { backup: {} },
  'f36-slate': { channelLines: ['slate: card'] },
});
beforeAll(() => world.start().then(() => {}), 60_000);
afterAll(() => world[Symbol.asyncDispose](), 20_000);

/** Viewers, from before `trouble` until `afterMs` later. */
async function through(id: string, trouble: () => void, afterMs: number): Promise<Stream[]> {
  const left = new AbortController();
  const url = world.weir.url(`/live/${id}.ts`);
  const watching = Array.from({ length: VIEWERS }, () => watchStream(url, left.signal));
  await Bun.sleep(4000);
  trouble();
  await Bun.sleep(afterMs);
  left.abort();
  return Promise.all(watching);
}

function down({ origin }: Place, forMs: number): void {
  origin.on(ANY, withStatus(503), { forMs });
}

/** Nobody was sent away, and all that came is one stream from the first packet to the last. */
function judge(streams: readonly Stream[]): void {
  for (const { bytes, status, hasEnded } of streams) {
    expect([status, hasEnded]).toEqual([200, false]);
    const { problems, packets } = inspectTs(wholePackets(bytes));
    expect(problems).toEqual([]);
    expect(packets).toBeGreaterThan(1000);
  }
}

const segmentsOf = ({ origin, live }: Place) => origin.seen(live.segments()).length;

describe.concurrent('F36: viewers of an endless stream over changes of the source', () => {
  test('a source that stands still is left, in one clean stream', async () => {
    const id = 'f36-stall';
    judge(await through(id, () => world.at(id).live.freeze(), 9000));
    expect(segmentsOf(world.at(backupOf(id)))).toBeGreaterThan(3);
  }, 40_000);

  test('there and back again', async () => {
    const id = 'f36-there-and-back';
    const first = world.at(id);
    let before = 0;
    const trouble = () => {
      down(first, 4000);
      before = segmentsOf(first);
    };
    judge(await through(id, trouble, 16_000));
    expect(segmentsOf(world.at(backupOf(id)))).toBeGreaterThan(3);
    expect(segmentsOf(first) - before).toBeGreaterThan(5);
  }, 60_000);

  test('over the slate and back', async () => {
    const id = 'f36-slate';
    judge(await through(id, () => down(world.at(id), 5000), 18_000));
  }, 60_000);
});
