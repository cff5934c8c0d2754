// This file reads the heads of the requests that reach the faulty origin and records what they got.

export type SeenRequest = {
  readonly method: string;
  /** Path and query, as sent. */
  readonly target: string;
  readonly path: string;
  /** Names in lower case; repeated ones joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** Which connection it came on, counted from 0, and which request of it this was. */
  readonly connection: number;
  readonly indexOnConnection: number;
  readonly atMs: number;
  /** Status sent; 0 until the head has gone out. */
  status: number;
  /** Body bytes handed to the system; not all need have been read. */
  bodyBytes: number;
  /** When the last byte of the answer went out, scripted cuts included. */
  finishedAtMs: number | undefined;
  /** When the client closed with the answer unfinished. */
  abandonedAtMs: number | undefined;
};

/** A request head larger than this is a bug in what is tested. */
const MAX_HEAD_BYTES = 64 * 1024;

export type Head = Pick<SeenRequest, 'method' | 'target' | 'path' | 'headers'>;

/** Takes one request head off `bytes`; undefined until it is complete. Bodies are not expected. */
export function readHead(
  bytes: Buffer,
): { readonly head: Head; readonly rest: Buffer } | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) {
    if (bytes.length > MAX_HEAD_BYTES) throw new Error('Cannot read request: head too large');
    return undefined;
  }
  const lines = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const [method, target] = lines[0]!.split(' ');
  if (method === undefined || target === undefined) throw new Error(`Not a request: ${lines[0]}`);
  const headers: Record<string, string> = {};
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  const head = { method, target, path: target.split('?')[0]!, headers };
  return { head, rest: bytes.subarray(end + 4) };
}
