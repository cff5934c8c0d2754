// This file makes the outbound client of one user, whose connections are closed with it.
import { ConnectionScope } from './connection-scope.ts';
import type { Outbound } from './outbound.ts';

export type ScopedOutbound = Outbound & Disposable;

/** The client for one user, whose requests are over by the time it is disposed. */
export function scoped(outbound: Outbound): ScopedOutbound {
  const scope = new ConnectionScope();
  return Object.assign<Outbound, Disposable>((request) => outbound({ ...request, scope }), {
    [Symbol.dispose]: () => scope[Symbol.dispose](),
  });
}
