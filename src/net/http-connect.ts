// This file asks an HTTP proxy for a tunnel.
import type { Socket } from 'node:net';
import { formatUrlHost } from './address.ts';
import { basicAuthorization } from './target.ts';
import type { UpstreamProxy } from './upstream-proxy.ts';

/** Proxies answer CONNECT with a few lines. */
const MAX_HEAD_BYTES = 16_384;

// RFC 9110 §9.3.6: CONNECT; any 2xx means that the tunnel is there.
const SUCCESS = /^HTTP\/1\.[01] 2\d\d(?: |\r|$)/;

/** Resolves once bytes go to and from `host`; rejects with an Error that says why not. */
export function connectThroughHttp(
  socket: Socket,
  proxy: UpstreamProxy,
  host: string,
  port: number,
): Promise<void> {
  const authority = `${formatUrlHost(host)}:${port}`;
  const lines = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`];
  const authorization = basicAuthorization(proxy.username, proxy.password);
  if (authorization !== undefined) lines.push(`Proxy-Authorization: ${authorization}`);
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  return new Promise((resolve, reject) => {
    let held = Buffer.alloc(0);
    const onData = (bytes: Buffer) => {
      held = Buffer.concat([held, bytes]);
      const end = held.indexOf('\r\n\r\n');
      if (end < 0 && held.length <= MAX_HEAD_BYTES) return;
      socket.off('data', onData);
      socket.pause();
      if (end >= 0 && SUCCESS.test(held.toString('latin1', 0, end))) {
        // What came right behind the head is the target's already.
        if (held.length > end + 4) socket.unshift(held.subarray(end + 4));
        resolve();
      } else reject(new Error(refusal(held)));
    };
    socket.on('data', onData);
    socket.on('close', () => reject(new Error('it closed the connection')));
  });
}

function refusal(head: Buffer): string {
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(head.toString('latin1', 0, 16))?.[1];
  return status === undefined ? 'it does not speak HTTP' : `it answered ${status}`;
}
