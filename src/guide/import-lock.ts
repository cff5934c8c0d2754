// This file lets one process at a time read a guide into the file in which guides are kept.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { FolderLock } from '../channel/folder-lock.ts';
import { GuideError } from './errors.ts';

/** Two that write one edition would delete each other's. Throws GuideError while another has it. */
export function lockImports(dataDir: string): Disposable {
  const folder = join(dataDir, 'guide-import');
  mkdirSync(folder, { recursive: true });
  const lock = new FolderLock(folder);
  if (lock.isOurs()) return lock;
  lock[Symbol.dispose]();
  const message = `Cannot keep guides in ${dataDir}: another weir is reading one into it, wanted its end`;
  throw new GuideError('GUIDE_STORE', message, { dataDir });
}
