// This file makes the one outbound client.
import type { Clock } from '../base/clock.ts';
import { AddressBook } from './address-book.ts';
import { createAddressGuard } from './address-guard.ts';
import { Call } from './call.ts';
import { framingOf } from './content-length.ts';
import { NetError, type NetErrorCode } from './errors.ts';
import { type ExchangeContext, exchange, type Hop } from './exchange.ts';
import { HostSlots } from './host-slots.ts';
import type { Outbound, OutboundRequest, OutboundResponse } from './outbound.ts';
import { type Probe, socketProbe } from './probe.ts';
import { isRedirect, redirectTarget } from './redirect.ts';
import { checkPolicyHeaders, requestHeaders } from './request-headers.ts';
import { type Resolver, ResolverCache, systemResolver } from './resolver.ts';
import { openResponse } from './response.ts';
import { createRouteFinder } from './route.ts';
import { Sessions } from './sessions.ts';
import { parseTarget, type Target } from './target.ts';
import { Tunnels } from './tunnels.ts';

export type OutboundOptions = {
  readonly clock: Clock;
  /** CIDR blocks of addresses that may be dialled although they are not public. */
  readonly allowPrivate: readonly string[];
  /** Sent unless the policy names another. */
  readonly userAgent: string;
  readonly resolve?: Resolver;
  readonly probe?: Probe;
  /** Requests under way to one origin; the next ones wait. */
  readonly maxPerHost?: number;
  /** PEM; takes the place of the system's roots. */
  readonly trustedCa?: string;
};

export type OutboundStats = {
  /** Requests that are over, by outcome: 'OK' for an answer read to its end, whatever its status. */
  readonly requests: Readonly<Partial<Record<NetErrorCode | 'OK', number>>>;
  /** Requests whose answer is awaited, being read or waiting to be read. */
  readonly open: number;
  /** Body bytes as they came over the wire. */
  readonly receivedBytes: number;
  /** https requests for which the operator had switched the check of certificates off. */
  readonly unverifiedTls: number;
  readonly staleDnsAnswers: number;
};

export type OutboundClient = Outbound & AsyncDisposable & { stats(): OutboundStats };

/** What the runtime sends at once over all hosts; more would wait in there, with no deadline. */
const DEFAULT_MAX_PER_HOST = 512;
/** The body of a redirect is a line of HTML; reading it keeps the connection for the next segment. */
const MAX_DRAINED_BYTES = 16_384;
const MAX_DRAIN_MS = 1_000;

export function createOutbound(options: OutboundOptions): OutboundClient {
  const client = new Client(options);
  return Object.assign((request: OutboundRequest) => client.send(request), {
    stats: () => client.stats(),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  });
}

class Client implements AsyncDisposable {
  readonly #options: OutboundOptions;
  readonly #context: ExchangeContext;
  readonly #slots: HostSlots;
  readonly #calls = new Set<Call>();
  readonly #requests = new Map<NetErrorCode | 'OK', number>();
  #receivedBytes = 0;
  #unverifiedTls = 0;
  #closed = false;

  constructor(options: OutboundOptions) {
    const { clock, allowPrivate, resolve = systemResolver, probe = socketProbe } = options;
    const resolver = new ResolverCache(clock, resolve);
    this.#options = options;
    this.#slots = new HostSlots(options.maxPerHost ?? DEFAULT_MAX_PER_HOST);
    this.#context = {
      clock,
      probe,
      resolver,
      book: new AddressBook(clock),
      findRoute: createRouteFinder(createAddressGuard(allowPrivate), resolver),
      sessions: new Sessions(),
      tunnels: new Tunnels(),
      trustedCa: options.trustedCa,
    };
  }

  async send(request: OutboundRequest): Promise<OutboundResponse> {
    const call = this.#open(request);
    try {
      checkPolicyHeaders(request.policy.headers);
      return await this.#follow(call, request, parseTarget(request.url));
    } catch (error) {
      if (error instanceof NetError) call.stop(error);
      else call.abort('a fault');
      throw call.failure ?? error;
    }
  }

  #open(request: OutboundRequest): Call {
    const call = new Call(this.#options.clock, request, (ended, error) => {
      const outcome = error?.code ?? 'OK';
      this.#requests.set(outcome, (this.#requests.get(outcome) ?? 0) + 1);
      this.#calls.delete(ended);
    });
    if (call.failure === undefined) this.#calls.add(call);
    if (this.#closed) call.abort('the client, which is closed');
    return call;
  }

  async #follow(call: Call, request: OutboundRequest, first: Target): Promise<OutboundResponse> {
    const { policy } = request;
    const credentialOrigin = policy.credentialOrigin ?? first.origin;
    const seen: string[] = [];
    for (let target = first; ; ) {
      call.origin = target.origin;
      seen.push(target.href);
      if (target.scheme === 'https' && !policy.verifyTls) this.#unverifiedTls += 1;
      const headers = requestHeaders(request, target, credentialOrigin, this.#options.userAgent);
      const slot = await this.#takeSlot(call, request, target);
      const hop = await exchange(this.#context, call, request, target, headers);
      // Nothing may be read after this answer on the same connection.
      if (framingOf(hop.response).isSuspect) hop.session.retire();
      if (!isRedirect(hop.response.status)) return this.#answer(call, request, target, hop);
      call.onStop = undefined;
      this.#drain(hop).finally(() => slot[Symbol.dispose]());
      target = redirectTarget(hop.response.headers.get('location'), target, policy, seen);
    }
  }

  async #takeSlot(call: Call, { limits }: OutboundRequest, target: Target): Promise<Disposable> {
    let slot = this.#slots.take(target.origin);
    if (slot === undefined) {
      const controller = new AbortController();
      call.onStop = () => controller.abort();
      call.expect('NET_TIMEOUT_CONNECT', limits.connectMs);
      slot = await call.race(this.#slots.wait(target.origin, controller.signal));
    }
    call.use(slot);
    return slot;
  }

  #answer(call: Call, request: OutboundRequest, target: Target, hop: Hop): OutboundResponse {
    call.expectNothing();
    const received = (sizeBytes: number) => {
      this.#receivedBytes += sizeBytes;
    };
    return openResponse(hop.response, { call, request, target, received });
  }

  /** Reads the body of a redirect if it is short, else closes the connection; never rejects. */
  async #drain({ response, abort, session }: Hop): Promise<void> {
    const sizeBytes = framingOf(response).declaredBytes ?? Number.POSITIVE_INFINITY;
    if (sizeBytes > MAX_DRAINED_BYTES) return abort();
    using _limit = this.#options.clock.after(MAX_DRAIN_MS, abort);
    using _use = session.hold();
    await response.arrayBuffer().catch(() => {});
  }

  stats(): OutboundStats {
    return {
      requests: Object.fromEntries(this.#requests),
      open: this.#calls.size,
      receivedBytes: this.#receivedBytes,
      unverifiedTls: this.#unverifiedTls,
      staleDnsAnswers: this.#context.resolver.staleAnswers,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const call of [...this.#calls]) call.abort('the client, which is closed');
    this.#context.sessions[Symbol.dispose]();
    await this.#context.tunnels[Symbol.asyncDispose]();
  }
}
