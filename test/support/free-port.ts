// This file finds ports of 127.0.0.1 that nobody listens on, for servers that cannot take port 0.

/** Free just now; who starts a server on it may find it taken, and must ask again. */
export function freePort(): number {
  const probe = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  const { port } = probe;
  probe.stop(true);
  return port;
}
