// This file says what an error of the file system means for a tier.
import { type TierCode, TierError } from './errors.ts';

type Meaning = { readonly code: TierCode; readonly state: string };

const MEANINGS: Readonly<Record<string, Meaning>> = {
  ENOSPC: { code: 'TIER_FULL', state: 'the disk is full' },
  EDQUOT: { code: 'TIER_FULL', state: 'the quota is used up' },
  EFBIG: { code: 'TIER_TOO_LARGE', state: 'the file system holds no file so large' },
  EROFS: { code: 'TIER_READ_ONLY', state: 'the file system is read-only' },
  EACCES: { code: 'TIER_REFUSED', state: 'no permission' },
  EPERM: { code: 'TIER_REFUSED', state: 'not permitted' },
  ENOENT: { code: 'TIER_UNREACHABLE', state: 'the folder is gone' },
  ENOTDIR: { code: 'TIER_UNREACHABLE', state: 'a file lies where a folder should be' },
  EEXIST: { code: 'TIER_UNREACHABLE', state: 'a file lies where a folder should be' },
  ENOTCONN: { code: 'TIER_UNREACHABLE', state: 'the file system is not connected' },
  ESTALE: { code: 'TIER_UNREACHABLE', state: 'the network folder was taken away' },
  EIO: { code: 'TIER_BROKEN', state: 'the disk fails' },
  EMFILE: { code: 'TIER_BROKEN', state: 'too many files are open' },
  ENFILE: { code: 'TIER_BROKEN', state: 'too many files are open in the system' },
};

export function errnoOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** `deed` as in "write to". */
export function diskError(deed: string, path: string, error: unknown): TierError {
  if (error instanceof TierError) return error;
  const errno = errnoOf(error);
  const meaning = errno === undefined ? undefined : MEANINGS[errno];
  const said = error instanceof Error ? error.message : String(error);
  const state = meaning === undefined ? said : `${meaning.state} (${errno})`;
  return new TierError(
    meaning?.code ?? 'TIER_BROKEN',
    `Cannot ${deed} ${path}: ${state}`,
    { path, errno },
    error,
  );
}
