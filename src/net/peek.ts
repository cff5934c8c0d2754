// This file looks at the first bytes of a body without taking them from it.

/** The first `count` bytes (fewer only if there are no more), and all bytes including those. */
export async function peek(
  pieces: AsyncIterable<Uint8Array>,
  count: number,
): Promise<{ start: Uint8Array; rest: AsyncIterable<Uint8Array> }> {
  const iterator = pieces[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let start = new Uint8Array(0);
  while (start.length < count) {
    const { done, value } = await iterator.next();
    if (done) break;
    held.push(value);
    start = new Uint8Array(Buffer.concat([start, value.subarray(0, count - start.length)]));
  }
  async function* all(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* held.splice(0);
      yield* { [Symbol.asyncIterator]: () => iterator };
    } finally {
      await iterator.return?.();
    }
  }
  return { start, rest: all() };
}
