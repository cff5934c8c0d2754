// This file says what is wrong with MPEG-TS that is to be one clean endless stream.

import { TableCheck } from './ts-inspect/tables.ts';
import { mod, WRAP_27M, wrapped } from './ts-inspect/wrap.ts';
import { inspectTs, type TsExpectation } from './ts-inspect.ts';

const PACKET = 188;
const NULL_PID = 0x1fff;
/** ISO/IEC 13818-1 has no such limit; ETSI TR 101 290 §5.2.1 wants 500 ms, boxes like 100. */
const TABLES_INTERVAL_MAX_MS = 100;
const COMPLAINTS_MAX = 50;

type Clock = { readonly packet: number; readonly time27m: number };

/**
 * All that inspectTs() looks for, and what only an endless stream of ours must have: it begins with
 * PAT, PMT and the start of a frame; tables come at least every 100 ms; one program, whose map
 * changes with its version only; no PID, null packet or break that is not in the map. Empty where
 * nothing is wrong.
 */
export function checkTransport(bytes: Uint8Array, expect: TsExpectation = {}): readonly string[] {
  const complaints = [...inspectTs(bytes, expect).problems];
  const walk = new TransportWalk((at, what) => complaints.push(`byte ${at}: ${what}`));
  for (let at = 0; at + PACKET <= bytes.length; at += PACKET) {
    walk.take(bytes.subarray(at, at + PACKET), at);
    if (complaints.length >= COMPLAINTS_MAX) break;
  }
  if (complaints.length < COMPLAINTS_MAX) complaints.push(...walk.tableGaps());
  return complaints;
}

class TransportWalk {
  readonly #say: (at: number, what: string) => void;
  readonly #tables: TableCheck;
  readonly #begun = new Set<number>();
  readonly #clocks: Clock[] = [];
  readonly #patAt: number[] = [];
  readonly #pmtAt: number[] = [];
  #packets = 0;
  #map: { readonly version: number | undefined; readonly table: string } | undefined;

  constructor(say: (at: number, what: string) => void) {
    this.#say = say;
    // What is wrong in the tables themselves was said before
    this.#tables = new TableCheck(() => {});
  }

  take(packet: Uint8Array, at: number): void {
    this.#packets += 1;
    const pid = ((packet[1]! & 0x1f) << 8) | packet[2]!;
    const starts = (packet[1]! & 0x40) !== 0;
    const control = packet[3]! >> 4;
    const fieldBytes = (control & 2) !== 0 ? packet[4]! : -1;
    const flags = fieldBytes > 0 ? packet[5]! : 0;
    if (control > 3) this.#say(at, `PID ${pid}: scrambled`);
    if ((flags & 0x80) !== 0) this.#say(at, `PID ${pid}: discontinuity_indicator`);
    if ((flags & 0x10) !== 0) this.#takePcr(packet, at, pid);
    this.#takePlace(pid, starts, at);
    if (pid === NULL_PID || (control & 1) === 0) return;
    if (this.#tables.isTable(pid)) this.#takeTable(packet, pid, starts, at);
    else this.#takeStream(pid, starts, packet.subarray(5 + fieldBytes), at);
  }

  #takePcr(packet: Uint8Array, at: number, pid: number): void {
    const view = new DataView(packet.buffer, packet.byteOffset, PACKET);
    const raw = (view.getUint32(6) * 2 + (view.getUint8(10) >> 7)) * 300;
    const last = this.#clocks.at(-1);
    const before = last?.time27m ?? raw;
    const time27m = before + wrapped(raw - mod(before, WRAP_27M), WRAP_27M);
    this.#clocks.push({ packet: at / PACKET, time27m });
    if (pid !== this.#tables.pcrPid) this.#say(at, `PID ${pid}: a PCR, wanted on the PCR PID`);
  }

  /** The first packets are PAT, PMT, and then a stream of the map. */
  #takePlace(pid: number, starts: boolean, at: number): void {
    if (at === 0 && pid !== 0) this.#say(at, `PID ${pid}: comes first, wanted PAT`);
    if (at === PACKET && (pid !== this.#tables.firstPmtPid || !starts)) {
      this.#say(at, `PID ${pid}: comes second, wanted PMT`);
    }
    if (pid === NULL_PID) this.#say(at, 'a null packet, wanted none');
  }

  #takeTable(packet: Uint8Array, pid: number, starts: boolean, at: number): void {
    this.#tables.take(pid, packet.subarray(4), starts, at);
    if (starts) (pid === 0 ? this.#patAt : this.#pmtAt).push(at / PACKET);
    if (pid === 0 || this.#tables.pmt.length === 0) return;
    const { pmtVersion: version, pmt } = this.#tables;
    const table = pmt.slice(8, -4).join();
    if (
      this.#map !== undefined &&
      (version === this.#map.version) !== (table === this.#map.table)
    ) {
      this.#say(
        at,
        `PMT version ${version} after ${this.#map.version}, and the map says otherwise`,
      );
    }
    this.#map = { version, table };
  }

  #takeStream(pid: number, starts: boolean, payload: Uint8Array, at: number): void {
    if (!this.#tables.current.has(pid)) this.#say(at, `PID ${pid}: not in the map`);
    if (!starts && !this.#begun.has(pid)) this.#say(at, `PID ${pid}: begins amid a PES packet`);
    if (starts && this.#begun.size === 0 && pid !== this.#tables.pcrPid) {
      this.#say(at, `PID ${pid}: is the first stream, wanted the one with the PCR`);
    }
    this.#begun.add(pid);
    if (starts && payload.length === 0) this.#say(at, `PID ${pid}: begins with nothing`);
  }

  /** Where more than 100 ms pass by the PCR without a table. */
  tableGaps(): string[] {
    const places: readonly (readonly [string, readonly number[]])[] = [
      ['PAT', this.#patAt],
      ['PMT', this.#pmtAt],
    ];
    return places.flatMap(([name, packets]) => {
      const gaps: string[] = [];
      let before: number | undefined;
      let next = 0;
      for (const packet of [...packets, this.#packets]) {
        while (next < this.#clocks.length && this.#clocks[next]!.packet <= packet) next++;
        const timeMs = this.#timeMs(packet, next);
        const gapMs = before === undefined ? 0 : timeMs - before;
        if (gapMs > TABLES_INTERVAL_MAX_MS) {
          gaps.push(`byte ${packet * PACKET}: ${name} after ${gapMs.toFixed(1)} ms`);
        }
        before = timeMs;
      }
      return gaps;
    });
  }

  /** By the place between two PCRs; before the first and after the last, time stands. */
  #timeMs(packet: number, next: number): number {
    const [before, after] = [this.#clocks[next - 1], this.#clocks[next]];
    if (before === undefined || after === undefined) {
      return ((before ?? after)?.time27m ?? 0) / 27_000;
    }
    const share = (packet - before.packet) / (after.packet - before.packet);
    return (before.time27m + share * (after.time27m - before.time27m)) / 27_000;
  }
}
