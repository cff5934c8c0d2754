// This file tests the tables of the spliced stream.
import { describe, expect, test } from 'bun:test';
import { parsePacket } from '../../../src/media/mpegts/packet.ts';
import { parsePmt, streamDescriptors } from '../../../src/media/mpegts/pmt.ts';
import {
  clearDescriptors,
  isPrivateAudio,
  programDescriptors,
} from '../../../src/media/mpegts/pmt-descriptors.ts';
import { type Program, ProgramReader } from '../../../src/media/mpegts/program-reader.ts';
import { SectionReader } from '../../../src/media/mpegts/section.ts';
import { type OutputProgram, OutputTables } from '../../../src/media/mpegts/splice-tables.ts';
import { patSection, psiPacket, psiSection } from '../../support/ts-packets.ts';

type Stream = readonly [type: number, pid: number, descriptors?: readonly number[]];

const ENGLISH = [10, 4, 101, 110, 103, 0];
const FRENCH = [10, 4, 102, 114, 97, 0];
const SCRAMBLED = [9, 4, 0, 1, 0xe1, 0x23];
const AC3 = [0x6a, 1, 0];
const HDMV = [5, 4, 72, 68, 77, 86];

function pmt(streams: readonly Stream[], info: readonly number[] = []): Uint8Array {
  const entries = streams.flatMap(([type, pid, descriptors = []]) => [
    ...[type, 0xe0 | (pid >> 8), pid & 0xff, 0xf0, descriptors.length],
    ...descriptors,
  ]);
  return psiSection(2, [0, 9, 0xc1, 0, 0, 0xe1, 0, 0xf0, info.length, ...info, ...entries]);
}

function program(streams: readonly Stream[], info: readonly number[] = []): Program {
  const reader = new ProgramReader();
  const pat = psiPacket(0, 0, patSection([[9, 0x20]]));
  const map = psiPacket(0x20, 0, pmt(streams, info));
  for (const bytes of [pat, map]) reader.read(bytes, parsePacket(bytes, 0));
  return reader.program as Program;
}

function section({ packets }: OutputProgram): Uint8Array {
  const reader = new SectionReader();
  const found: Uint8Array[] = [];
  for (let at = 188; at < packets.length; at += 188) {
    found.push(...reader.read(packets, parsePacket(packets, at)));
  }
  return found[0] as Uint8Array;
}

const version = (output: OutputProgram) => (section(output)[5]! >> 1) & 0x1f;
const pids = (output: OutputProgram) => output.slots.map((slot) => slot + 0x100);

describe('OutputTables', () => {
  test('gives pictures, sound and the rest PIDs of their own', () => {
    const output = new OutputTables().assign(
      program([
        [0x06, 0x50, [0x59, 0]],
        [0x0f, 0x51],
        [0x1b, 0x52],
        [0x06, 0x53, AC3],
      ]),
    );
    expect(pids(output)).toEqual([0x140, 0x101, 0x100, 0x102]);
    expect(output.kinds).toEqual(['other', 'audio', 'video', 'audio']);
    expect(output.pcrSlot).toBe(0);
    const map = parsePmt(section(output))!;
    expect(map.pcrPid).toBe(0x100);
    expect(map.streams.map(({ pid }) => pid)).toEqual([0x100, 0x101, 0x102, 0x140]);
  });

  test('keeps the map where another source has the same streams on other PIDs', () => {
    const tables = new OutputTables();
    const one = tables.assign(
      program([
        [0x1b, 0x50],
        [0x0f, 0x51, ENGLISH],
      ]),
    );
    const two = tables.assign(
      program([
        [0x1b, 0x80],
        [0x0f, 0x70, ENGLISH],
      ]),
    );
    expect(two.packets).toBe(one.packets);
    expect(pids(two)).toEqual(pids(one));
  });

  test('keeps languages and codecs in their places where a source has them in another order', () => {
    const tables = new OutputTables();
    const one = tables.assign(
      program([
        [0x1b, 0x50],
        [0x0f, 0x51, ENGLISH],
        [0x0f, 0x52, FRENCH],
        [0x81, 0x53],
      ]),
    );
    const two = tables.assign(
      program([
        [0x81, 0x60],
        [0x0f, 0x61, FRENCH],
        [0x0f, 0x62, ENGLISH],
        [0x1b, 0x63],
      ]),
    );
    expect(pids(two)).toEqual([0x103, 0x102, 0x101, 0x100]);
    expect(two.packets).toBe(one.packets);
  });

  test('counts the version on, 31 and then 0, where the streams change', () => {
    const tables = new OutputTables();
    const shapes = [
      program([[0x1b, 0x50]]),
      program([
        [0x1b, 0x50],
        [0x0f, 0x51],
      ]),
    ];
    const versions = Array.from({ length: 34 }, (_, i) => version(tables.assign(shapes[i % 2]!)));
    expect(versions.slice(0, 3)).toEqual([0, 1, 2]);
    expect(versions.slice(31)).toEqual([31, 0, 1]);
  });

  test('keeps descriptors but those of conditional access', () => {
    const output = new OutputTables().assign(
      program(
        [
          [0x1b, 0x50, SCRAMBLED],
          [0x06, 0x51, [...AC3, ...SCRAMBLED, ...ENGLISH]],
        ],
        [...SCRAMBLED, ...HDMV],
      ),
    );
    const map = section(output);
    expect([...programDescriptors(map)]).toEqual(HDMV);
    expect([...streamDescriptors(map).values()].map((each) => [...each])).toEqual([
      [],
      [...AC3, ...ENGLISH],
    ]);
  });

  test('leaves out cues, whose times would be wrong, and a second picture', () => {
    const output = new OutputTables().assign(
      program([
        [0x1b, 0x50],
        [0x86, 0x51],
        [0x1b, 0x52],
      ]),
    );
    expect(output.slots).toEqual([0, -1, -1]);
    expect(parsePmt(section(output))!.streams.length).toBe(1);
  });

  test('takes sound in private data for the lead where there is nothing else', () => {
    const radio = program([
      [0x06, 0x50, [0x59, 0]],
      [0x06, 0x51, AC3],
    ]);
    expect(radio.lead.pid).toBe(0x51);
    expect(new OutputTables().assign(radio).pcrSlot).toBe(1);
  });

  test('writes a map that needs several packets', () => {
    const streams = Array.from(
      { length: 30 },
      (_, i): Stream => [0x06, 0x80 + i, [10, 4, i, 0, 0, 0]],
    );
    const output = new OutputTables();
    const source = { ...program([[0x1b, 0x50]]), pmt: pmt([[0x1b, 0x50], ...streams]) };
    const map = parsePmt(source.pmt)!;
    const assigned = output.assign({ ...source, map });
    expect(assigned.packets.length).toBe(188 * 3);
    expect(parsePmt(section(assigned))!.streams.length).toBe(31);
  });
});

describe('clearDescriptors()', () => {
  const rows: readonly (readonly [string, readonly number[], readonly number[]])[] = [
    ['none', [], []],
    ['all but conditional access', [...ENGLISH, ...SCRAMBLED, ...AC3], [...ENGLISH, ...AC3]],
    ['only whole ones', [...AC3, 10, 4, 101], AC3],
    ['no tag without a length', [...AC3, 10], AC3],
  ];
  for (const [name, descriptors, kept] of rows) {
    test(name, () =>
      expect([...clearDescriptors(Uint8Array.from(descriptors))]).toEqual([...kept]),
    );
  }
});

describe('isPrivateAudio()', () => {
  const rows: readonly (readonly [string, readonly number[], boolean])[] = [
    ['AC-3 of DVB', AC3, true],
    ['E-AC-3 after a language', [...ENGLISH, 0x7a, 0], true],
    ['a registration of Opus', [5, 4, 79, 112, 117, 115], true],
    ['a registration of something else', HDMV, false],
    ['subtitles', [0x59, 0], false],
    ['nothing', [], false],
  ];
  for (const [name, descriptors, is] of rows) {
    test(name, () => expect(isPrivateAudio(6, Uint8Array.from(descriptors))).toBe(is));
  }
});
