// This file tests that the inspector sees what is wrong with MPEG-TS.
import { describe, expect, test } from 'bun:test';
import { inspectTs, shownSpacings } from './ts-inspect.ts';
import { joinBytes, patSection, pesHeader, pmtSection, psiPacket, tsPacket } from './ts-packets.ts';
import { readTsVector, TS_VECTORS } from './ts-vectors.ts';

const PAT = psiPacket(0, 0, patSection([[1, 0x1000]]));
const PMT = psiPacket(0x1000, 0, pmtSection(1, 256, [[0x1b, 256]]));

type Frame = { pts: number; dts?: number; pcr?: number; counter: number; starts?: boolean };

function stream(...frames: readonly Frame[]): Uint8Array {
  const packets = frames.map(({ pts, dts, pcr, counter, starts = true }) =>
    tsPacket({
      pid: 256,
      starts,
      counter,
      payload: pesHeader(dts === undefined ? { pts } : { pts, dts }).concat([1, 2, 3, 4, 5]),
      ...(pcr === undefined ? {} : { pcr: pcr * 300 }),
    }),
  );
  return joinBytes([PAT, PMT, ...packets]);
}

const good = (index: number): Frame => ({
  pts: 90_000 + index * 3600,
  pcr: 80_000 + index * 3600,
  counter: index % 16,
});

describe('inspectTs()', () => {
  for (const name of TS_VECTORS) {
    test(`finds nothing wrong with ${name}`, async () => {
      // Files of sound alone carry a PCR with each PES packet only
      const inspection = inspectTs(await readTsVector(name), { pcrIntervalMaxMs: 400 });
      expect(inspection.problems).toEqual([]);
      expect(inspection.tracks.size).toBeGreaterThan(0);
      expect(inspection.pcrPid).toBe(256);
    });
  }

  const wrong: { name: string; bytes: Uint8Array; says: RegExp }[] = [
    {
      name: 'a counter that stands',
      bytes: stream(good(0), { ...good(1), counter: 0 }),
      says: /continuity counter 0, wanted 1/,
    },
    {
      name: 'a counter that leaps',
      bytes: stream(good(0), { ...good(1), counter: 2 }),
      says: /continuity counter 2, wanted 1/,
    },
    {
      name: 'a packet sent three times',
      bytes: joinBytes([stream(good(0)), stream(good(0)).slice(376), stream(good(0)).slice(376)]),
      says: /continuity counter 0, wanted 1/,
    },
    {
      name: 'a PCR that goes back',
      bytes: stream(good(0), { ...good(1), pcr: 79_999 }),
      says: /PCR goes back/,
    },
    {
      name: 'a PCR that is long in coming',
      bytes: stream(good(0), { ...good(1), pcr: 89_001 }),
      says: /PCR after 100\.0111+ ms, wanted 100 ms/,
    },
    {
      name: 'a DTS that stands',
      bytes: stream(good(0), { ...good(1), pts: 99_000, dts: 90_000 }),
      says: /DTS 90000 after 90000/,
    },
    {
      name: 'a PTS before its DTS',
      bytes: stream({ ...good(0), dts: 90_001 }),
      says: /PTS is 1 ticks before DTS/,
    },
    {
      name: 'a PTS that comes twice',
      bytes: stream({ ...good(0), dts: 86_400 }, { ...good(1), pts: 90_000 }),
      says: /PTS 90000 comes twice/,
    },
    {
      name: 'a frame that comes too late',
      bytes: stream({ ...good(0), pcr: 90_001 }),
      says: /before the PCR/,
    },
    {
      name: 'a frame that comes ages before',
      bytes: stream({ ...good(0), pts: 1_000_000 }),
      says: /ms after the PCR/,
    },
    { name: 'a packet without sync', bytes: stream(good(0)).with(376, 0), says: /no sync byte/ },
    { name: 'a packet cut off', bytes: stream(good(0)).slice(0, 500), says: /not whole/ },
    { name: 'a broken table', bytes: stream(good(0)).with(20, 9), says: /wrong CRC/ },
    {
      name: 'no start code',
      bytes: stream(good(0)).with(376 + 188 - 19 + 2, 9),
      says: /no PES start code/,
    },
  ];
  for (const { name, bytes, says } of wrong) {
    test(`sees ${name}`, () => {
      expect(inspectTs(bytes).problems.join('\n')).toMatch(says);
    });
  }

  test('allows one repetition, the end of the counters and of 33 bits', () => {
    const last = 2 ** 33 - 3600;
    const frames = Array.from({ length: 40 }, (_, index) => ({
      pts: (last + index * 3600) % 2 ** 33,
      pcr: (last - 9000 + index * 3600) % 2 ** 33,
      counter: index % 16,
    }));
    const bytes = stream(...frames);
    const twice = joinBytes([bytes, bytes.slice(-188)]);
    const { problems, tracks } = inspectTs(bytes);
    expect(problems).toEqual([]);
    expect([...shownSpacings(tracks.get(256)!)]).toEqual([[3600, 39]]);
    expect(inspectTs(twice).problems.filter((problem) => /continuity/.test(problem))).toEqual([]);
  });
});
