// This file reads the fields of a box, and never past its end.
import { FormatError } from '../../base/errors.ts';

/** A cursor over the body of one box; offsets count from the start of the segment. */
export type Fields = {
  readonly view: DataView;
  readonly name: string;
  readonly spec: string;
  readonly endAt: number;
  at: number;
};

/** `bytes` is the segment or init segment that the body lies in, from `from` to `to`. */
export function openFields(
  bytes: Uint8Array,
  from: number,
  to: number,
  name: string,
  spec: string,
): Fields {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { view, name, spec, at: from, endAt: to };
}

export function readUint8(fields: Fields): number {
  return fields.view.getUint8(advance(fields, 1));
}

export function readUint16(fields: Fields): number {
  return fields.view.getUint16(advance(fields, 2));
}

export function readUint24(fields: Fields): number {
  const at = advance(fields, 3);
  return fields.view.getUint16(at) * 256 + fields.view.getUint8(at + 2);
}

export function readUint32(fields: Fields): number {
  return fields.view.getUint32(advance(fields, 4));
}

export function readInt32(fields: Fields): number {
  return fields.view.getInt32(advance(fields, 4));
}

export function readUint64(fields: Fields): bigint {
  return fields.view.getBigUint64(advance(fields, 8));
}

export function readInt64(fields: Fields): bigint {
  return fields.view.getBigInt64(advance(fields, 8));
}

/** Four characters, as they stand. */
export function readName(fields: Fields): string {
  const at = advance(fields, 4);
  return nameAt(fields.view, at);
}

/** A view of the next bytes, not a copy. */
export function readBytes(fields: Fields, sizeBytes: number): Uint8Array {
  const at = advance(fields, sizeBytes);
  return new Uint8Array(fields.view.buffer, fields.view.byteOffset + at, sizeBytes);
}

export function skip(fields: Fields, sizeBytes: number): void {
  advance(fields, sizeBytes);
}

export function leftBytes(fields: Fields): number {
  return fields.endAt - fields.at;
}

// ISO/IEC 14496-12 §4.2.2: FullBox
export function readVersionFlags(fields: Fields): { version: number; flags: number } {
  const version = readUint8(fields);
  return { version, flags: readUint24(fields) };
}

export function nameAt(view: DataView, at: number): string {
  return String.fromCharCode(
    view.getUint8(at),
    view.getUint8(at + 1),
    view.getUint8(at + 2),
    view.getUint8(at + 3),
  );
}

/** What is wrong with the box, at its field that was to be read next. */
export function fieldError(fields: Fields, what: string): FormatError {
  const message = `Cannot read the box ${fields.name}: ${what}`;
  return new FormatError('fmp4', fields.at, message, fields.spec);
}

function advance(fields: Fields, sizeBytes: number): number {
  const { at } = fields;
  if (at + sizeBytes > fields.endAt) {
    const left = fields.endAt - at;
    throw fieldError(fields, `it has ${left} bytes left, wanted ${sizeBytes} more`);
  }
  fields.at = at + sizeBytes;
  return at;
}
