// This file tests how packets are gathered into chunks.
import { describe, expect, test } from 'bun:test';
import { array, assert as check, integer, property, tuple } from 'fast-check';
import { Arena, PacketList } from '../../../src/media/mpegts/packet-list.ts';
import { joinBytes } from '../../support/ts-packets.ts';

const source = Uint8Array.from({ length: 200_000 }, (_, at) => at % 251);

describe('PacketList', () => {
  test('takes a view of what is long, and copies what is short', () => {
    const list = new PacketList(new Arena());
    list.add(source, 0, 4096);
    list.add(source, 4096, 4096 + 188);
    list.add(source, 9000, 9000 + 188);
    const chunks = list.takeChunks();
    expect(chunks.map(({ length, buffer }) => [length, buffer === source.buffer])).toEqual([
      [4096, true],
      [376, false],
    ]);
  });

  test('holds what was put in, in order, whatever others copy meanwhile', () => {
    const part = tuple(
      integer({ min: 0, max: 1 }),
      integer({ min: 0, max: 190_000 }),
      integer({ min: 0, max: 9000 }),
    );
    check(
      property(array(part, { maxLength: 60 }), (parts) => {
        const arena = new Arena();
        const lists = [new PacketList(arena), new PacketList(arena)] as const;
        const wanted: Uint8Array[][] = [[], []];
        for (const [which, from, size] of parts) {
          lists[which as 0 | 1].add(source, from, from + size);
          wanted[which]!.push(source.subarray(from, from + size));
        }
        const second = joinBytes(wanted[1]!);
        expect(lists[1].sizeBytes).toBe(second.length);
        lists[0].append(lists[1]);
        const whole = joinBytes(lists[0].takeChunks());
        expect(Buffer.compare(whole, joinBytes([...wanted[0]!, second]))).toBe(0);
        expect(lists[0].sizeBytes).toBe(whole.length);
      }),
    );
  });
});
