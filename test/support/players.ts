// This file starts players as they want to be started.
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What stands before VLC, which refuses to run as root. */
export function unprivileged(): string[] {
  if (process.getuid?.() !== 0) return [];
  const home = mkdtempSync(join(tmpdir(), 'weir-vlc-'));
  chmodSync(home, 0o777);
  const who = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
  return ['env', `HOME=${home}`, ...who];
}
