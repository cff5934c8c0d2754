// This file tells whether a frame of AC-3 holds any sound, as far as its first block tells.
import { AC3_CHANNELS } from './ac3-header.ts';
import { type BitCursor, readBits } from './bit-cursor.ts';

/** Coefficients are below 2^-exponent of full scale: from here on 84 dB below it. */
const QUIET_EXPONENT = 14;

class NotSilent {}
const NOT_SILENT = new NotSilent();

/**
 * True where no coefficient of the first of six blocks can be heard, by its exponents: to get at
 * the others would take the whole bit allocation. One block in six is every 32 ms, so that nothing
 * that lasts goes unheard. What cannot be read counts as sound.
 */
export function isSilentAc3(frame: Uint8Array): boolean {
  const cursor: BitCursor = { bytes: frame, at: 40 }; // syncinfo
  try {
    readBlock(cursor, readInfo(cursor));
    return true;
  } catch (error) {
    if (error instanceof NotSilent) return false;
    throw error;
  }
}

type Info = { readonly mode: number; readonly channels: number; readonly hasLfe: boolean };

// ETSI TS 102 366 §4.3.2: bsi
function readInfo(cursor: BitCursor): Info {
  take(cursor, 5 + 3); // bsid, bsmod
  const mode = take(cursor, 3); // acmod
  if ((mode & 1) === 1 && mode !== 1) take(cursor, 2); // cmixlev
  if ((mode & 4) !== 0) take(cursor, 2); // surmixlev
  if (mode === 2) take(cursor, 2); // dsurmod
  const hasLfe = take(cursor, 1) === 1; // lfeon
  for (let programs = mode === 0 ? 2 : 1; programs > 0; programs--) {
    take(cursor, 5); // dialnorm
    for (const bits of [8, 8, 7]) optional(cursor, bits); // compr, langcod, mixlevel and roomtyp
  }
  take(cursor, 2); // copyrightb, origbs
  optional(cursor, 14); // timecod1
  optional(cursor, 14); // timecod2
  if (take(cursor, 1) === 1) cursor.at += 8 * (take(cursor, 6) + 1); // addbsi
  return { mode, channels: AC3_CHANNELS[mode]!, hasLfe };
}

/** Where the channels that are coupled end, and how their common one is written. */
type Coupling = {
  readonly isIn: readonly boolean[];
  readonly begin: number;
  readonly end: number;
};

// ETSI TS 102 366 §4.3.3: audblk, the first of a frame
function readBlock(cursor: BitCursor, { mode, channels, hasLfe }: Info): void {
  take(cursor, channels); // blksw
  take(cursor, channels); // dithflag
  optional(cursor, 8); // dynrng
  if (mode === 0) optional(cursor, 8); // dynrng2
  const coupling = readCoupling(cursor, mode, channels);
  if (mode === 2 && take(cursor, 1) === 1) take(cursor, rematrixBands(coupling)); // rematflg
  const coupledStrategy = coupling === undefined ? 0 : strategy(cursor); // cplexpstr
  const strategies = Array.from({ length: channels }, () => strategy(cursor)); // chexpstr
  if (hasLfe && take(cursor, 1) === 0) throw NOT_SILENT; // lfeexpstr
  const ends = strategies.map((_, channel) => {
    if (coupling?.isIn[channel] === true) return 37 + 12 * coupling.begin;
    return 37 + 3 * (take(cursor, 6) + 12); // chbwcod
  });
  if (coupling !== undefined) {
    const groups = (12 * (coupling.end - coupling.begin)) / (3 * coupledStrategy);
    readExponents(cursor, take(cursor, 4) * 2, groups); // cplabsexp, cplexps
  }
  for (const [channel, step] of strategies.entries()) {
    const groups = Math.floor((ends[channel]! - 1 + 3 * (step - 1)) / (3 * step));
    readExponents(cursor, heard(take(cursor, 4)), groups); // exps
    take(cursor, 2); // gainrng
  }
  if (hasLfe) readExponents(cursor, heard(take(cursor, 4)), 2); // lfeexps
}

// ETSI TS 102 366 §4.3.3 and §4.4.3.7 on
function readCoupling(cursor: BitCursor, mode: number, channels: number): Coupling | undefined {
  if (take(cursor, 1) === 0) throw NOT_SILENT; // cplstre
  if (take(cursor, 1) === 0) return undefined; // cplinu
  const isIn = Array.from({ length: channels }, () => take(cursor, 1) === 1); // chincpl
  const hasPhases = mode === 2 && take(cursor, 1) === 1; // phsflginu
  const begin = take(cursor, 4); // cplbegf
  const end = take(cursor, 4) + 3; // cplendf
  if (end <= begin) throw NOT_SILENT;
  let bands = end - begin;
  for (let subband = begin + 1; subband < end; subband++) bands -= take(cursor, 1); // cplbndstrc
  let hasCoordinates = false;
  for (const isCoupled of isIn) {
    if (!isCoupled || take(cursor, 1) === 0) continue; // cplcoe
    hasCoordinates = true;
    cursor.at += 2 + 8 * bands; // mstrcplco, cplcoexp, cplcomant
  }
  if (hasPhases && hasCoordinates) cursor.at += bands; // phsflg
  return { isIn, begin, end };
}

// ETSI TS 102 366 §4.4.3.19
function rematrixBands(coupling: Coupling | undefined): number {
  if (coupling === undefined || coupling.begin > 2) return 4;
  return coupling.begin > 0 ? 3 : 2;
}

/** Coefficients that share an exponent: 1, 2 or 4. The first block has none to use again. */
// ETSI TS 102 366 §4.4.3.21
function strategy(cursor: BitCursor): number {
  const code = take(cursor, 2);
  if (code === 0) throw NOT_SILENT;
  return 2 ** (code - 1);
}

/** Each group holds three steps of -2 to 2 from the exponent before. */
// ETSI TS 102 366 §6.1.3
function readExponents(cursor: BitCursor, first: number, groups: number): void {
  let exponent = first;
  for (let group = 0; group < groups; group++) {
    const packed = take(cursor, 7);
    for (const step of [Math.floor(packed / 25), Math.floor(packed / 5) % 5, packed % 5]) {
      exponent = heard(exponent + step - 2);
    }
  }
}

function heard(exponent: number): number {
  if (exponent < QUIET_EXPONENT) throw NOT_SILENT;
  return exponent;
}

function optional(cursor: BitCursor, bits: number): void {
  if (take(cursor, 1) === 1) take(cursor, bits);
}

function take(cursor: BitCursor, count: number): number {
  const value = readBits(cursor, count);
  if (value === undefined) throw NOT_SILENT;
  return value;
}
