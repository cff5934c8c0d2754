// This file speaks JSON-RPC with Kodi, which writes one JSON after the other with nothing between.
import type { Socket } from 'bun';

/** A scan of channels may hold an answer back for as long. */
const ANSWER_MS = 30_000;

type Waiting = { readonly resolve: (result: unknown) => void; readonly reject: (e: Error) => void };

export class KodiRpc implements Disposable {
  readonly #socket: Socket;
  readonly #waiting: Map<number, Waiting>;
  #lastId = 0;

  private constructor(socket: Socket, waiting: Map<number, Waiting>) {
    this.#socket = socket;
    this.#waiting = waiting;
  }

  static async connect(port: number): Promise<KodiRpc> {
    const waiting = new Map<number, Waiting>();
    const decoder = new TextDecoder();
    let held = '';
    const socket = await Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        data(_, bytes) {
          const { values, rest } = splitJson(held + decoder.decode(bytes, { stream: true }));
          held = rest;
          for (const text of values) answer(waiting, JSON.parse(text) as Answer);
        },
        close() {
          for (const { reject } of waiting.values()) reject(new Error('Kodi hung up'));
          waiting.clear();
        },
      },
    });
    return new KodiRpc(socket, waiting);
  }

  async call<T = unknown>(method: string, params: object = {}): Promise<T> {
    this.#lastId += 1;
    const id = this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { resolve, reject });
    const late = () => reject(new Error(`Kodi did not answer ${method}`));
    const timer = setTimeout(late, ANSWER_MS);
    this.#socket.write(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    try {
      return (await promise) as T;
    } catch (error) {
      throw new Error(`Cannot call ${method}: ${(error as Error).message}`);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  [Symbol.dispose](): void {
    this.#socket.end();
  }
}

/** What has no id is a notification, which nobody waits for. */
type Answer = { readonly id?: number; readonly result?: unknown; readonly error?: unknown };

function answer(waiting: ReadonlyMap<number, Waiting>, { id, result, error }: Answer): void {
  const waiter = id === undefined ? undefined : waiting.get(id);
  if (error === undefined) waiter?.resolve(result);
  else waiter?.reject(new Error(JSON.stringify(error)));
}

/** The whole objects of a text, and what of it is not whole yet. */
export function splitJson(text: string): { readonly values: string[]; readonly rest: string } {
  const values: string[] = [];
  let [from, depth, isQuoted] = [0, 0, false];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (isQuoted) {
      if (char === '\\') at += 1;
      else if (char === '"') isQuoted = false;
    } else if (char === '"') isQuoted = true;
    else if (char === '{') depth += 1;
    else if (char === '}') {
      depth -= 1;
      if (depth > 0) continue;
      values.push(text.slice(from, at + 1));
      from = at + 1;
    }
  }
  return { values, rest: text.slice(from) };
}
