// This file has ffmpeg make a recording once for all tests that want the same.
import { mkdir, rename, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from './programs.ts';

/** A folder that all processes of one run of the tests share, and which goes with it. */
export const SHARED_MEDIA = 'TEST_MEDIA_FOLDER';
const MAKE_MS = 120_000;

const making = new Map<string, Promise<string>>();

/** The path of a file of these words; nobody may write to it. */
export function recorded(words: readonly string[], extension: string): Promise<string> {
  const key = new Bun.CryptoHasher('sha256').update(JSON.stringify(words)).digest('hex');
  const name = `${key.slice(0, 24)}.${extension}`;
  const made = making.get(name) ?? make(words, folder(), name);
  making.set(name, made);
  return made;
}

/** Without a run around it, it is kept for the next time: bun test tells nobody that it ends. */
function folder(): string {
  return process.env[SHARED_MEDIA] ?? join(tmpdir(), 'weir-media');
}

/** It comes to its name whole; where two processes make the same at a time, either's will do. */
async function make(words: readonly string[], path: string, name: string): Promise<string> {
  const file = join(path, name);
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  if (isThere) return file;
  await mkdir(path, { recursive: true });
  const part = join(path, `${process.pid}-${name}`);
  const cmd = ['ffmpeg', '-nostdin', '-y', '-v', 'error', ...words, part];
  const { code, stderr } = await runProgram(cmd, MAKE_MS);
  if (code !== 0) throw new Error(`Cannot record: ffmpeg said ${stderr}`);
  await rename(part, file);
  return file;
}
