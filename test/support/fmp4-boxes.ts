// This file makes fMP4 by hand, so that tests can say what is in each box.

export type Bytes = Uint8Array | readonly number[];

export function join(...parts: readonly Bytes[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export const u16 = (value: number): number[] => [(value >> 8) & 0xff, value & 0xff];
export const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value & 0xffff)];
export const u64 = (value: bigint): number[] => {
  const bits = BigInt.asUintN(64, value);
  return [...u32(Number(bits >> 32n)), ...u32(Number(bits & 0xffffffffn))];
};
export const text = (value: string): number[] => Array.from(value, (c) => c.charCodeAt(0));
export const zeros = (count: number): number[] => new Array<number>(count).fill(0);

/** `size` is what its header says, where that is not the truth. */
export function box(type: string, body: Bytes, size = body.length + 8): Uint8Array<ArrayBuffer> {
  return join(u32(size), text(type), body);
}

export function largeBox(type: string, body: Bytes, size = BigInt(body.length + 16)) {
  return join(u32(1), text(type), u64(size), body);
}

export function fullBox(type: string, version: number, flags: number, ...parts: readonly Bytes[]) {
  return box(type, join([version, ...u32(flags).slice(1)], ...parts));
}

export type TrackParts = {
  readonly id?: number;
  readonly handler?: string;
  readonly timescale?: number;
  readonly language?: readonly number[];
  readonly entries?: readonly Bytes[];
  readonly edts?: Bytes;
};

export function trak(parts: TrackParts): Uint8Array {
  const { id = 1, handler = 'vide', timescale = 90_000, edts, language = u16(0x55c4) } = parts;
  const entries = parts.entries ?? [avc1()];
  const stsd = fullBox('stsd', 0, 0, u32(entries.length), ...entries);
  const mdhd = fullBox('mdhd', 0, 0, u32(0), u32(0), u32(timescale), u32(0), language, u16(0));
  const hdlr = fullBox('hdlr', 0, 0, u32(0), text(handler), zeros(12), [0]);
  const mdia = box('mdia', join(mdhd, hdlr, box('minf', box('stbl', stsd))));
  const tkhd = fullBox('tkhd', 0, 7, u32(0), u32(0), u32(id), zeros(68));
  return box('trak', join(tkhd, ...(edts === undefined ? [] : [box('edts', edts)]), mdia));
}

/** `duration`, `size` and `flags` are the defaults of its samples. */
export function trex(id = 1, duration = 0, size = 0, flags = 0, description = 1): Uint8Array {
  return fullBox('trex', 0, 0, u32(id), u32(description), u32(duration), u32(size), u32(flags));
}

export function initOf(...boxes: readonly Bytes[]): Uint8Array<ArrayBuffer> {
  const mvhd = fullBox('mvhd', 0, 0, u32(0), u32(0), u32(1000), zeros(84));
  const isTrex = (bytes: Bytes) => String.fromCharCode(...bytes.slice(4, 8)) === 'trex';
  const mvex = box('mvex', join(...boxes.filter(isTrex)));
  const others = boxes.filter((bytes) => !isTrex(bytes));
  const ftyp = box('ftyp', join(text('iso6'), u32(0), text('mp41')));
  return join(ftyp, box('moov', join(mvhd, ...others, mvex)));
}

export const SPS = Uint8Array.of(0x67, 0x64, 0, 0x1f, 1, 2, 3);
export const PPS = Uint8Array.of(0x68, 0xee, 0x3c);

export function avcC(
  sps: readonly Bytes[] = [SPS],
  pps: readonly Bytes[] = [PPS],
  lengthBytes = 4,
) {
  const sets = (list: readonly Bytes[]) => join(...list.flatMap((set) => [u16(set.length), set]));
  const head = [1, 0x64, 0, 0x1f, 0xfc | (lengthBytes - 1)];
  return box('avcC', join(head, [0xe0 | sps.length], sets(sps), [pps.length], sets(pps)));
}

export function visualEntry(type: string, ...boxes: readonly Bytes[]): Uint8Array {
  return box(type, join(zeros(6), u16(1), zeros(70), ...boxes));
}

export function avc1(config: Bytes = avcC()): Uint8Array {
  return visualEntry('avc1', config);
}

/** `arrays` are NAL unit type and units. */
export function hvcC(arrays: readonly (readonly [number, readonly Bytes[]])[]): Uint8Array {
  const lists = arrays.map(([type, units]) =>
    join([type], u16(units.length), ...units.flatMap((unit) => [u16(unit.length), unit])),
  );
  return box('hvcC', join([1], zeros(20), [0xff, arrays.length], ...lists));
}

export function audioEntry(type: string, ...boxes: readonly Bytes[]): Uint8Array {
  return box(type, join(zeros(6), u16(1), zeros(20), ...boxes));
}

/** AAC LC, 48 kHz, stereo. */
export const ASC = Uint8Array.of(0x11, 0x90);

export function esds(config: Bytes = ASC, objectType = 0x40): Uint8Array {
  const specific = join([5, config.length], config);
  const decoder = join([4, 13 + specific.length, objectType], zeros(12), specific);
  const descriptor = join([3, 3 + decoder.length + 3], u16(1), [0], decoder, [6, 1, 2]);
  return fullBox('esds', 0, 0, descriptor);
}

export type SampleParts = {
  readonly bytes: Bytes;
  readonly duration?: number;
  readonly flags?: number;
  readonly offset?: number;
};

export type RunParts = {
  readonly id?: number;
  readonly time?: bigint;
  readonly samples: readonly SampleParts[];
};

export const SYNC = 0x0200_0000;
export const NON_SYNC = 0x0101_0000;

/** A moof with a traf for each run, and an mdat with their samples in order. */
export function fragmentOf(...runs: readonly RunParts[]): Uint8Array<ArrayBuffer> {
  const build = (dataAt: number) => {
    let at = dataAt;
    const trafs = runs.map(({ id = 1, time = 0n, samples }) => {
      const tfhd = fullBox('tfhd', 0, 0x020000, u32(id));
      const tfdt = fullBox('tfdt', 1, 0, u64(time));
      const rows = samples.map(({ bytes, duration = 3000, flags = NON_SYNC, offset = 0 }) =>
        join(u32(duration), u32(bytes.length), u32(flags), u32(offset >>> 0)),
      );
      const trun = fullBox('trun', 1, 0xf01, u32(samples.length), u32(at), ...rows);
      for (const { bytes } of samples) at += bytes.length;
      return box('traf', join(tfhd, tfdt, trun));
    });
    return box('moof', join(fullBox('mfhd', 0, 0, u32(1)), ...trafs));
  };
  const dataAt = build(0).length + 8;
  return join(
    build(dataAt),
    box('mdat', join(...runs.flatMap(({ samples }) => samples.map((s) => s.bytes)))),
  );
}

/** NAL units with four bytes of length each. */
export function avcSample(...units: readonly Bytes[]): Uint8Array {
  return join(...units.flatMap((unit) => [u32(unit.length), unit]));
}
