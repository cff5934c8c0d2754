// This file reads the files of a loop.
import { AppError, FormatError } from '../../base/errors.ts';
import type { LoopIndex, LoopSegment } from '../../media/mpegts/loop-index.ts';
import { LoopIndexer } from '../../media/mpegts/loop-indexer.ts';
import { PACKET_BYTES } from '../../media/mpegts/packet.ts';
import { BUILT_IN } from './built-in.ts';

/** A file that was read through once; only its index stays in memory. */
export type LoopFile = {
  readonly path: string;
  /** Changes with the file; empty for the demo, which cannot change. */
  readonly version: string;
  /** Of the bytes: the same wherever the same file lies. */
  readonly fingerprint: string;
  readonly index: LoopIndex;
};

/** About 1 MiB in whole packets: a few milliseconds of work before others get their turn. */
const READ_BYTES = 5600 * PACKET_BYTES;

/**
 * Undefined where `signal` aborted. Throws AppError SOURCE_FILE where the file cannot be read or
 * is not fit for a loop.
 */
export async function openLoopFile(
  path: string,
  signal: AbortSignal,
): Promise<LoopFile | undefined> {
  const version = await fileVersion(path);
  const indexer = new LoopIndexer();
  let hash = 0n;
  try {
    for (let at = 0; ; at += READ_BYTES) {
      if (signal.aborted) return undefined;
      const bytes = await Bun.file(path)
        .slice(at, at + READ_BYTES)
        .bytes();
      if (bytes.length === 0 && at > 0) break;
      hash = BigInt(Bun.hash(bytes, hash));
      indexer.push(bytes);
      if (bytes.length < READ_BYTES) break;
    }
    return { path, version, fingerprint: hash.toString(36), index: indexer.finish() };
  } catch (error) {
    throw fileError(path, error);
  }
}

/** The bytes of a segment as the file has them. */
export async function readLoopFile(file: LoopFile, segment: LoopSegment): Promise<Uint8Array> {
  const { path, version } = file;
  const { offset, sizeBytes } = segment;
  let bytes: Uint8Array;
  try {
    bytes = await Bun.file(path)
      .slice(offset, offset + sizeBytes)
      .bytes();
  } catch (error) {
    throw fileError(path, error);
  }
  if (bytes.length !== sizeBytes || (await fileVersion(path)) !== version) {
    throw sourceFileError(path, 'it changed while it was read, wanted a file that stays');
  }
  return bytes;
}

const BUILT_IN_PATHS: ReadonlySet<string> = new Set(Object.values(BUILT_IN));

/** Throws where there is no such file. */
export async function fileVersion(path: string): Promise<string> {
  if (BUILT_IN_PATHS.has(path)) return '';
  try {
    const stat = await Bun.file(path).stat();
    if (!stat.isFile()) throw sourceFileError(path, 'it is no file, wanted one of MPEG-TS');
    return `${stat.size}-${stat.mtimeMs}-${stat.ino}`;
  } catch (error) {
    throw fileError(path, error);
  }
}

function fileError(path: string, error: unknown): AppError {
  if (error instanceof FormatError) {
    const message = `${error.message} (${path})`;
    return new AppError('SOURCE_FILE', message, { path, offset: error.offset }, error);
  }
  if (error instanceof AppError) return error;
  const code = (error as { readonly code?: unknown }).code;
  const states: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EACCES: 'it may not be read',
  };
  const state = states[String(code)] ?? `reading it failed with ${String(code ?? error)}`;
  return sourceFileError(path, `${state}, wanted a file of MPEG-TS`, error);
}

function sourceFileError(path: string, state: string, cause?: unknown): AppError {
  return new AppError('SOURCE_FILE', `Cannot loop the file: ${state} (${path})`, { path }, cause);
}
