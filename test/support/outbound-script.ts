// This file is an outbound client that answers from a table, for parts that are given one.
import { NetError } from '../../src/net/errors.ts';
import type { Outbound, OutboundRequest } from '../../src/net/outbound.ts';

export type ScriptedAnswer = {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** After redirects; the address asked for where absent. */
  readonly url?: string;
};

/** By address; a function is asked each time, and one that throws fails the request. */
export type Script = Readonly<
  Record<string, ScriptedAnswer | (() => ScriptedAnswer | Promise<ScriptedAnswer>)>
>;

export type ScriptedOutbound = Outbound & { readonly requests: OutboundRequest[] };

export function scriptedOutbound(script: Script): ScriptedOutbound {
  const requests: OutboundRequest[] = [];
  const outbound: Outbound = async (request) => {
    requests.push(request);
    const entry = script[request.url];
    if (entry === undefined) {
      throw new NetError('NET_CONNECT', `Cannot connect to ${new URL(request.url).host}: refused`);
    }
    const {
      status = 200,
      headers = {},
      body = '',
      url = request.url,
    } = typeof entry === 'function' ? await entry() : entry;
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
    const { first = 0, last = bytes.byteLength - 1 } = request.range ?? {};
    const part = bytes.subarray(first, last + 1);
    return {
      status: request.range === undefined ? status : 206,
      headers: new Headers(headers),
      url,
      lengthBytes: part.byteLength,
      body: pieces(part),
      bytes: async () => part,
      cancel: () => {},
    };
  };
  return Object.assign(outbound, { requests });
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const size = 64 * 1024;
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}
