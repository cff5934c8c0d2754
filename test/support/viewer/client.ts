// This file says what a viewer needs of an HTTP client, and gives it over fetch.
import type { Received } from './body-reader.ts';
import type { GetOptions } from './raw-client.ts';

export interface Client extends Disposable {
  get(url: string, options?: GetOptions): Promise<Received>;
}

/** Over the runtime's own client; it cannot read slowly or leave in the middle. */
export class FetchClient implements Client {
  readonly #gone = new AbortController();

  async get(url: string, options: GetOptions = {}): Promise<Received> {
    const startMs = performance.now();
    const late = AbortSignal.timeout(options.timeoutMs ?? 30_000);
    const signal = AbortSignal.any([late, this.#gone.signal]);
    const { method = 'GET', headers = {}, keepBody = false } = options;
    let response: Response | undefined;
    let headMs = 0;
    let body = new Uint8Array();
    let ended: Received['ended'] = 'whole';
    try {
      response = await fetch(url, { method, headers, signal, redirect: 'manual' });
      headMs = performance.now() - startMs;
      body = await response.bytes();
    } catch {
      ended = this.#gone.signal.aborted ? 'left' : late.aborted ? 'late' : 'broken';
    }
    return {
      status: response?.status ?? 0,
      headers: response ? Object.fromEntries(response.headers) : {},
      bodyBytes: body.length,
      sha256: new Bun.CryptoHasher('sha256').update(body).digest('hex'),
      body: keepBody ? body : undefined,
      ended,
      headMs,
      totalMs: performance.now() - startMs,
    };
  }

  [Symbol.dispose](): void {
    this.#gone.abort();
  }
}
