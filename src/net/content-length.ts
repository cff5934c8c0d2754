// This file reads how long an answer says its body is, and whether its framing can be trusted.

export type Framing = {
  /** Bytes on the wire; absent for chunked, for bodies that end by close and for no body at all. */
  readonly declaredBytes: number | undefined;
  /** The next answer on this connection may not be where it seems to be. */
  readonly isSuspect: boolean;
};

export function framingOf({ status, headers }: Response): Framing {
  const transfer = headers.get('transfer-encoding');
  const length = headers.get('content-length');
  // RFC 9110 §6.4.1: no body whatever the fields say.
  if (status === 204 || status === 304) {
    return { declaredBytes: undefined, isSuspect: status === 204 && (length ?? '0') !== '0' };
  }
  // RFC 9112 §6.3: chunked wins over a length; both together are what response splitting looks like.
  if (transfer !== null) return { declaredBytes: undefined, isSuspect: length !== null };
  if (length === null) return { declaredBytes: undefined, isSuspect: false };
  // RFC 9110 §8.6: a list of equal values counts as one; the runtime refuses unequal ones.
  const [first = '', ...more] = length.split(',').map((value) => value.trim());
  return { declaredBytes: Number(first), isSuspect: more.length > 0 };
}
