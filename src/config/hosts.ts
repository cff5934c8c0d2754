// This file takes apart the URLs of databases that run on more than one host.

/** What stands between the user and the path. */
const HOSTS = /^([a-z0-9+]+:\/\/(?:[^@/?#]*@)?)([^/?#@]*)/i;

/** `redis+cluster://a,b/0` as `redis+cluster://a/0` and `redis+cluster://b/0`; others as they are. */
export function perHost(url: string): string[] {
  const [whole = '', before = '', hosts = ''] = HOSTS.exec(url) ?? [];
  if (!/^[a-z0-9]+\+/i.test(url)) return [url];
  return hosts.split(',').map((host) => before + host + url.slice(whole.length));
}
