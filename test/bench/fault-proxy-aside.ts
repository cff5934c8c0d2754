// This file runs a fault proxy in a thread of its own, so that what it carries delays no client here.
import { setPriority } from 'node:os';
import { type Fault, FaultProxy } from '../support/fault-proxy.ts';

type Order = { readonly listenTo: number } | { readonly fault: Fault };
type Done = { readonly port: number };

declare const self: Worker;

if (!Bun.isMainThread) {
  // Of this thread alone; who measures has no time to wait for what it carries
  setPriority(0, 19);
  let proxy: FaultProxy | undefined;
  self.onmessage = async ({ data }: MessageEvent<Order>) => {
    if ('listenTo' in data) proxy = await FaultProxy.listen(data.listenTo);
    else await proxy?.set(data.fault);
    self.postMessage({ port: proxy?.port ?? 0 } satisfies Done);
  };
}

/** Held with `using`. */
export class FaultProxyAside implements Disposable {
  readonly #worker = new Worker(import.meta.url);
  port = 0;

  static async listen(targetPort: number): Promise<FaultProxyAside> {
    const proxy = new FaultProxyAside();
    await proxy.#order({ listenTo: targetPort });
    return proxy;
  }

  async set(fault: Fault): Promise<void> {
    await this.#order({ fault });
  }

  #order(order: Order): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#worker.onerror = ({ message }) => reject(new Error(message));
      this.#worker.onmessage = ({ data }: MessageEvent<Done>) => {
        this.port = data.port;
        resolve();
      };
      this.#worker.postMessage(order);
    });
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}
