// This file is an HTTP proxy for tests: CONNECT for https, absolute form for http.
import { connect, type Socket } from 'node:net';
import { headerOf, RawServer, type RawServerOptions } from './raw-server.ts';

export type HttpProxyOptions = RawServerOptions & {
  /** Value of Proxy-Authorization it wants. */
  readonly authorization?: string;
  /** Names it knows. */
  readonly hosts?: Readonly<Record<string, string>>;
  /** Answers every request with this status. */
  readonly status?: string;
};

/** `requests` of the server are what was asked of the proxy. */
export function listenHttpProxy(options: HttpProxyOptions = {}): Promise<RawServer> {
  return RawServer.listen((socket, head) => {
    const wanted = options.authorization;
    if (options.status !== undefined) return refuse(socket, options.status);
    if (wanted !== undefined && headerOf(head, 'proxy-authorization') !== wanted) {
      return refuse(socket, '407 Proxy Authentication Required');
    }
    const [method, target = ''] = head.split(' ');
    const url = new URL(method === 'CONNECT' ? `http://${target}` : target);
    const upstream = connect(Number(url.port || 80), options.hosts?.[url.hostname] ?? url.hostname);
    upstream.on('error', () => refuse(socket, '502 Bad Gateway'));
    socket.on('close', () => upstream.destroy());
    upstream.on('connect', () => {
      if (method === 'CONNECT') {
        socket.removeAllListeners('data');
        socket.write('HTTP/1.1 200 Connected\r\n\r\n');
        socket.pipe(upstream);
      } else {
        const kept = head
          .split('\r\n')
          .slice(1)
          .filter((line) => !/^proxy-/i.test(line));
        const lines = [
          `${method} ${url.pathname}${url.search} HTTP/1.1`,
          ...kept,
          'Connection: close',
        ];
        upstream.write(`${lines.join('\r\n')}\r\n\r\n`);
      }
      upstream.pipe(socket);
    });
  }, options);
}

function refuse(socket: Socket, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`);
}
