// This file finds programs, also where a search path does not lead.
import { Glob } from 'bun';

/**
 * Debian keeps what only the system runs, each version of Postgres, and Kodi (whose script would be
 * ended without it) with its add-ons in places of their own.
 */
const FOLDERS = [
  ...['/usr/sbin', '/usr/local/sbin', '/usr/lib/postgresql/*/bin'],
  ...['/usr/lib/*/kodi', '/usr/lib/*/kodi/addons/*'],
];

export function programPath(name: string): string | undefined {
  const found = Bun.which(name);
  if (found !== null) return found;
  for (const folder of FOLDERS) {
    // The newest version last
    const [path] = [...new Glob(`${folder}/${name}`).scanSync({ cwd: '/', absolute: true })]
      .sort()
      .reverse();
    if (path !== undefined) return path;
  }
  return undefined;
}
