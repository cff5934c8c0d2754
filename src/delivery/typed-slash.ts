// This file undoes what players make of a server that was typed with a slash at its end.

/** Behind `http://`: whatever name follows is longer. */
const AFTER_SCHEME = 8;
/**
 * Where a name and a password are asked for, and nowhere else: a proxy that keeps others from a path
 * by how it begins would not know this one.
 */
const OF_A_USER =
  /^\/{2,}((?:player_api|panel_api|get|xmltv|streaming\/timeshift)\.php|(?:live|movie|series|past)\/[^/]+\/[^/]+\/\d{1,10}(?:\.[A-Za-z0-9]{1,8})?|timeshift(?:\/[^/]+){5})$/;

/** `http://host//player_api.php?…` → `http://host/player_api.php?…`; undefined where nothing is to be undone. */
export function withoutTypedSlash(url: string): string | undefined {
  if (!url.includes('//', AFTER_SCHEME)) return undefined;
  const from = url.indexOf('/', AFTER_SCHEME);
  const query = url.indexOf('?', from);
  const to = query < 0 ? url.length : query;
  const path = OF_A_USER.exec(url.slice(from, to))?.[1];
  return path === undefined ? undefined : `${url.slice(0, from)}/${path}${url.slice(to)}`;
}
