// This file reads one HTTP/1.1 response as a strict client does and says whether it was whole.

/** What came of a response. `headers` have lower-case names. */
export type Received = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyBytes: number;
  readonly sha256: string;
  /** Only where it was asked for. */
  readonly body: Uint8Array | undefined;
  /**
   * `whole`: length or last chunk agreed. `broken`: the connection went before that, visibly.
   * `left`: we went. `late`: our own time limit passed.
   */
  readonly ended: 'whole' | 'broken' | 'left' | 'late';
  readonly headMs: number;
  readonly totalMs: number;
};

type Stage = 'head' | 'length' | 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailer' | 'close';

/** Heads larger than this are a fault of the server that is tested. */
const MAX_HEAD_BYTES = 64 * 1024;

export class BodyReader {
  readonly #hash = new Bun.CryptoHasher('sha256');
  readonly #kept: Uint8Array[] = [];
  readonly #isHead: boolean;
  readonly #keepBody: boolean;
  #buffer: Buffer = Buffer.alloc(0);
  #stage: Stage = 'head';
  #left = 0;
  status = 0;
  headers: Record<string, string> = {};
  bodyBytes = 0;
  /** The end that framing promised has been seen. */
  isWhole = false;

  constructor(isHead: boolean, keepBody: boolean) {
    this.#isHead = isHead;
    this.#keepBody = keepBody;
  }

  get hasHead(): boolean {
    return this.#stage !== 'head';
  }

  /** Bytes the head announced, where it did. */
  get declaredBytes(): number | undefined {
    const text = this.headers['content-length'];
    return text === undefined ? undefined : Number(text);
  }

  sha256(): string {
    return this.#hash.digest('hex');
  }

  body(): Uint8Array | undefined {
    return this.#keepBody ? Buffer.concat(this.#kept) : undefined;
  }

  /** The connection was closed in order: the end of a body that has no other end. */
  onEnd(): void {
    if (this.#stage === 'close') this.isWhole = true;
  }

  /** Throws where the response is not HTTP; bytes after the end are an error too. */
  push(data: Buffer): void {
    if (this.isWhole) throw new Error('Cannot read response: bytes after its end');
    this.#buffer = this.#buffer.length === 0 ? data : Buffer.concat([this.#buffer, data]);
    while (!this.isWhole && this.#step()) {}
    if (this.isWhole && this.#buffer.length > 0) {
      throw new Error('Cannot read response: bytes after its end');
    }
    // What is left belongs to the socket's own memory, which is used again.
    if (this.#buffer.length > 0) this.#buffer = Buffer.from(this.#buffer);
  }

  /** One move of the state machine; false: more bytes are needed. */
  #step(): boolean {
    switch (this.#stage) {
      case 'head':
        return this.#readHead();
      case 'length':
      case 'chunk-data':
        return this.#readCounted();
      case 'close':
        return this.#take(this.#buffer.length) > 0;
      case 'chunk-size':
        return this.#readLine((line) => {
          if (!/^[0-9a-fA-F]+/.test(line)) throw new Error(`Cannot read chunk size: ${line}`);
          this.#left = Number.parseInt(line, 16);
          this.#stage = this.#left === 0 ? 'trailer' : 'chunk-data';
        });
      case 'chunk-end':
        return this.#readLine((line) => {
          if (line !== '') throw new Error('Cannot read chunk: no CRLF after it');
          this.#stage = 'chunk-size';
        });
      case 'trailer':
        return this.#readLine((line) => {
          this.isWhole = line === '';
        });
    }
  }

  #readHead(): boolean {
    const end = this.#buffer.indexOf('\r\n\r\n');
    if (end < 0) {
      if (this.#buffer.length > MAX_HEAD_BYTES) throw new Error('Cannot read head: too large');
      return false;
    }
    const [first, ...lines] = this.#buffer.subarray(0, end).toString('latin1').split('\r\n');
    this.#buffer = this.#buffer.subarray(end + 4);
    const match = /^HTTP\/1\.1 (\d{3})/.exec(first!);
    if (match === null) throw new Error(`Cannot read head: ${first}`);
    this.status = Number(match[1]);
    this.headers = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      this.headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    this.#chooseFraming();
    return true;
  }

  // RFC 9112 §6.3: how long a body is
  #chooseFraming(): void {
    const { status, headers } = this;
    if (status >= 100 && status < 200) {
      this.#stage = 'head';
    } else if (this.#isHead || status === 204 || status === 304) {
      this.#stage = 'length';
      this.isWhole = true;
    } else if (/\bchunked$/i.test(headers['transfer-encoding'] ?? '')) {
      this.#stage = 'chunk-size';
    } else if (headers['content-length'] !== undefined) {
      this.#stage = 'length';
      this.#left = Number(headers['content-length']);
      this.isWhole = this.#left === 0;
    } else {
      this.#stage = 'close';
    }
  }

  #readCounted(): boolean {
    this.#left -= this.#take(this.#left);
    if (this.#left > 0) return false;
    if (this.#stage === 'length') this.isWhole = true;
    else this.#stage = 'chunk-end';
    return true;
  }

  #readLine(use: (line: string) => void): boolean {
    const end = this.#buffer.indexOf('\r\n');
    if (end < 0) return false;
    const line = this.#buffer.subarray(0, end).toString('latin1');
    this.#buffer = this.#buffer.subarray(end + 2);
    use(line);
    return true;
  }

  #take(maxBytes: number): number {
    const part = this.#buffer.subarray(0, maxBytes);
    this.#buffer = this.#buffer.subarray(part.length);
    this.#hash.update(part);
    if (this.#keepBody) this.#kept.push(Buffer.from(part));
    this.bodyBytes += part.length;
    return part.length;
  }
}
