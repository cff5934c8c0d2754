// This file keeps the tunnels through proxies that the runtime's fetch cannot use well by itself.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openProxySocket, type ProxySecurity } from './proxy-socket.ts';
import { Tunnel } from './tunnel.ts';
import type { UpstreamProxy } from './upstream-proxy.ts';

/** Targets behind proxies in use at a time; each is one listening socket. */
const MAX_TUNNELS = 256;

/**
 * Fetch has no SOCKS, and its own tunnels through HTTP proxies know no back-pressure (Bun 1.4.5:
 * an https body that nobody reads piles up in memory without end). So each target behind a proxy
 * gets a Unix socket, which fetch takes for the target. TLS runs inside, from fetch to the target,
 * and its certificate is checked as ever. The sockets lie in a folder that only our user may
 * enter, so no one else can use them as an open proxy.
 */
export class Tunnels implements AsyncDisposable {
  readonly #tunnels = new Map<string, Promise<Tunnel>>();
  #folder: Promise<string> | undefined;
  #made = 0;

  /** Rejects with the system's error if no socket can be made. */
  async open(
    proxy: UpstreamProxy,
    host: string,
    port: number,
    security: ProxySecurity,
  ): Promise<Tunnel> {
    const key = `${proxy.url} ${host} ${port} ${security.verifyTls}`;
    const connect = () => openProxySocket(proxy, host, port, security);
    const opening = this.#tunnels.get(key) ?? this.#listen(connect);
    this.#tunnels.delete(key);
    this.#tunnels.set(key, opening);
    this.#closeEldest();
    try {
      return await opening;
    } catch (cause) {
      this.#tunnels.delete(key);
      this.#folder = undefined;
      throw cause;
    }
  }

  async #listen(connect: () => ReturnType<typeof openProxySocket>): Promise<Tunnel> {
    this.#made += 1;
    const name = `${this.#made}.sock`;
    this.#folder ??= mkdtemp(join(tmpdir(), 'weir-tunnels-'));
    return await Tunnel.listen(join(await this.#folder, name), connect);
  }

  #closeEldest(): void {
    if (this.#tunnels.size <= MAX_TUNNELS) return;
    const [key, eldest] = [...this.#tunnels][0]!;
    this.#tunnels.delete(key);
    eldest.then((tunnel) => tunnel[Symbol.asyncDispose]()).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const tunnels = await Promise.allSettled(this.#tunnels.values());
    this.#tunnels.clear();
    for (const tunnel of tunnels) {
      if (tunnel.status === 'fulfilled') await tunnel.value[Symbol.asyncDispose]();
    }
    const folder = await this.#folder?.catch(() => undefined);
    this.#folder = undefined;
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}
