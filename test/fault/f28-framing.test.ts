// This file is failure F28: bytes after the end of a body, and connections that lie.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { all, chunked, type Fault, junkAfter, saysConnection } from '../support/origin/fault.ts';
import type { SeenRequest } from '../support/origin/request.ts';
import { World } from './world.ts';

/** Looks like the answer to the next request on the connection. */
const POISON = new TextEncoder().encode(
  `HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\nContent-Length: 188\r\n\r\n${'G'.repeat(188)}`,
);
const JUNK = new Uint8Array(1000).fill(0x47);

const FAULTS: Readonly<Record<string, Fault>> = {
  'f28-junk': junkAfter(JUNK),
  'f28-poison': junkAfter(POISON),
  'f28-one-byte': junkAfter(new Uint8Array(1)),
  'f28-stays-open': saysConnection('close'),
};

/** The runtime drops what comes with the last chunk and keeps the connection; we are not told. */
const CHUNKED: Readonly<Record<string, Fault>> = {
  'f28-chunked': all(chunked(), junkAfter(JUNK)),
  'f28-chunked-poison': all(chunked(), junkAfter(POISON)),
};

const world = new World(
  Object.fromEntries(Object.keys({ ...FAULTS, ...CHUNKED }).map((id) => [id, {}])),
);
beforeAll(() => world.start().then(() => {}), 60_000);
afterAll(() => world[Symbol.asyncDispose](), 20_000);

/** All that must be true whatever the framing: viewers get the right bytes and nothing else. */
async function plays(id: string, fault: Fault): Promise<void> {
  world.at(id).origin.on(/./, fault);
  const seen = await world.watch(id, { count: 10, forMs: 8000 });
  expect(seen.blamed).toEqual([]);
  expect(seen.counts).toMatchObject({ gaps: 0, broken: 0 });
  expect(seen.counts.whole).toBeGreaterThan(10 * 4);
}

describe.concurrent('F28: framing that lies', () => {
  test.each(Object.entries(FAULTS))(
    '%s: nobody gets a byte of it, and the connection is used no more',
    async (id, fault) => {
      await plays(id, fault);
      const { requests } = world.at(id).origin;
      // One that was chosen just before the junk came is given up without an answer taken from it:
      // what was asked on it is asked again elsewhere.
      const isAskedAgain = ({ target, connection }: SeenRequest) =>
        requests.some((other) => other.target === target && other.connection !== connection);
      const isUsed = (request: SeenRequest) =>
        request.indexOnConnection > 0 &&
        request.abandonedAtMs === undefined &&
        !isAskedAgain(request);
      expect(requests.filter(isUsed)).toEqual([]);
    },
    30_000,
  );

  test.each(Object.entries(CHUNKED))('%s: nobody gets a byte of it', plays, 30_000);
});
