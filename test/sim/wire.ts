// This file is the network of a simulation: it plays planned answers within the limits asked for.
import type { Clock } from '../../src/base/clock.ts';
import { NetError, type NetErrorCode } from '../../src/net/errors.ts';
import type { Outbound, OutboundRequest, OutboundResponse } from '../../src/net/outbound.ts';
import { identify } from './bytes.ts';

/** How one request will be answered. */
export type Plan = {
  readonly connect: number | 'refused' | 'never';
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** From the connection to the headers. */
  readonly headMs: number | 'never';
  readonly body: Uint8Array;
  readonly pieces: number;
  readonly gapMs: number;
  /** Its media is broken although the body comes whole: it has to be fetched again. */
  readonly isFlawed?: boolean;
  /** Pieces that come; then it goes silent, or the connection closes. */
  readonly endAfter?: { readonly pieces: number; readonly how: 'silent' | 'closed' };
};

/** A request under way. */
export type Call = { readonly url: string; readonly openedMs: number; readonly isLook: boolean };

export type WireHooks = {
  readonly plan: (request: OutboundRequest) => Plan;
  readonly onOpen: (call: Call) => void;
  readonly onClose: (call: Call) => void;
  /** A body was read to its end. */
  readonly onWhole: (call: Call, identity: string, isFlawed: boolean) => void;
};

/** A look whether a segment is there asks with a limit of its own and reads nothing. */
export const SEGMENT_MAX_BYTES = 1024 * 1024;

export function createWire(clock: Clock, hooks: WireHooks): Outbound {
  return async (request) => {
    if (request.signal?.aborted) throw failure('NET_ABORTED');
    const isSegment = !request.compressed;
    const isLook = isSegment && request.limits.maxBytes !== SEGMENT_MAX_BYTES;
    const call: Call = { url: request.url, openedMs: clock.monotonicMs(), isLook };
    hooks.onOpen(call);
    const answer = new Answer(clock, request, hooks, call);
    try {
      return await answer.head(hooks.plan(request));
    } catch (error) {
      answer.close();
      throw error;
    }
  };
}

class Answer {
  readonly #clock: Clock;
  readonly #request: OutboundRequest;
  readonly #hooks: WireHooks;
  readonly #call: Call;
  readonly #totalMs: number;
  readonly #cancelled = new AbortController();
  #isClosed = false;

  constructor(clock: Clock, request: OutboundRequest, hooks: WireHooks, call: Call) {
    this.#clock = clock;
    this.#request = request;
    this.#hooks = hooks;
    this.#call = call;
    this.#totalMs = clock.monotonicMs() + request.limits.totalMs;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#hooks.onClose(this.#call);
  }

  async head(plan: Plan): Promise<OutboundResponse> {
    const { limits, url } = this.#request;
    const startMs = this.#clock.monotonicMs();
    if (plan.connect === 'refused') {
      await this.#until(startMs + 5, Number.POSITIVE_INFINITY, 'NET_CONNECT');
      throw failure('NET_CONNECT');
    }
    const connectMs = plan.connect === 'never' ? Number.POSITIVE_INFINITY : startMs + plan.connect;
    await this.#until(connectMs, startMs + limits.connectMs, 'NET_TIMEOUT_CONNECT');
    const headMs = plan.headMs === 'never' ? Number.POSITIVE_INFINITY : connectMs + plan.headMs;
    await this.#until(headMs, connectMs + limits.firstByteMs, 'NET_TIMEOUT_FIRST_BYTE');
    const body = this.#body(plan, headMs);
    return {
      status: plan.status,
      headers: new Headers(plan.headers),
      url,
      lengthBytes: plan.body.length,
      body,
      bytes: async () => {
        const pieces: Uint8Array[] = [];
        for await (const piece of body) pieces.push(piece);
        return Buffer.concat(pieces);
      },
      cancel: () => {
        this.#cancelled.abort();
        this.close();
      },
    };
  }

  async *#body(plan: Plan, headMs: number): AsyncGenerator<Uint8Array> {
    const { limits } = this.#request;
    try {
      if (plan.body.length > limits.maxBytes) throw failure('NET_TOO_LARGE');
      let lastMs = headMs;
      for (let piece = 0; piece < plan.pieces; piece++) {
        const isCut = plan.endAfter !== undefined && piece >= plan.endAfter.pieces;
        const isSilent = isCut && plan.endAfter?.how === 'silent';
        const atMs = isSilent ? Number.POSITIVE_INFINITY : headMs + piece * plan.gapMs;
        await this.#until(atMs, lastMs + limits.betweenBytesMs, 'NET_TIMEOUT_BETWEEN_BYTES');
        if (isCut) throw failure('NET_TRUNCATED');
        lastMs = this.#clock.monotonicMs();
        const size = Math.ceil(plan.body.length / plan.pieces);
        const part = plan.body.subarray(piece * size, (piece + 1) * size);
        if (part.length > 0) yield part;
      }
      const { status, body, isFlawed = false } = plan;
      if (status === 200) this.#hooks.onWhole(this.#call, identify(body), isFlawed);
    } finally {
      this.close();
    }
  }

  /** Waits for something that happens at `atMs`; throws where a limit, or the caller, is sooner. */
  #until(atMs: number, limitMs: number, code: NetErrorCode): Promise<void> {
    const late = limitMs <= this.#totalMs ? code : 'NET_TIMEOUT_TOTAL';
    const endMs = Math.min(limitMs, this.#totalMs);
    const nowMs = this.#clock.monotonicMs();
    const signals = [this.#cancelled.signal, this.#request.signal].filter((s) => s !== undefined);
    return new Promise((resolve, reject) => {
      if (signals.some((signal) => signal.aborted)) return reject(failure('NET_ABORTED'));
      if (atMs <= nowMs) return resolve();
      const abort = () => settle(() => reject(failure('NET_ABORTED')));
      const timer = this.#clock.after(Math.min(atMs, endMs) - nowMs, () =>
        settle(atMs <= endMs ? resolve : () => reject(failure(late))),
      );
      const settle = (then: () => void) => {
        timer[Symbol.dispose]();
        for (const signal of signals) signal.removeEventListener('abort', abort);
        then();
      };
      for (const signal of signals) signal.addEventListener('abort', abort);
    });
  }
}

function failure(code: NetErrorCode): NetError {
  return new NetError(code, `Cannot fetch: ${code}`);
}
