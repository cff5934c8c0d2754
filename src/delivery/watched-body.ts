// This file tells when a body that is pulled has been read, has broken, or was let go of.

/** `ended` is called once, also where nothing was ever read: a generator would not notice that. */
export function watchedBody(
  body: AsyncIterable<Uint8Array>,
  ended: (error?: unknown) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces = body[Symbol.asyncIterator]();
  let isOver = false;
  const end = (error?: unknown): void => {
    if (isOver) return;
    isOver = true;
    ended(error);
  };
  const leave = async (): Promise<IteratorReturnResult<undefined>> => {
    end();
    await pieces.return?.();
    return { done: true, value: undefined };
  };
  return {
    async next() {
      try {
        const piece = await pieces.next();
        if (piece.done === true) end();
        return piece;
      } catch (error) {
        end(error);
        throw error;
      }
    },
    return: leave,
    async throw(error) {
      end(error);
      await pieces.return?.();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      await leave();
    },
  };
}
