// This file is an origin of one live broadcast as endless MPEG-TS and as HLS, which can go wrong.
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import type { Socket } from 'node:net';
import { lastDts, markedSecond, PARTS_PER_S } from './marked-stream.ts';
import { answerBytes, RawServer } from './raw-server.ts';
import { StreamWriter } from './ts-stream.ts';

/** What becomes of the endless stream; `list`: a playlist is answered in its place. */
export type StreamFault = 'stall' | 'reset' | 'end' | 'frozen' | 'garbage' | 'list' | 'busy';

const PART_MS = 1000 / PARTS_PER_S;
const SEGMENT_S = 2;
const LISTED_SEGMENTS = 5;
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\nConnection: close\r\n\r\n';
/** Seven packets of 188 bytes: what fits into a frame of Ethernet. */
const DATAGRAM_BYTES = 1316;
/** The broadcast began with this program, for all origins. */
const EPOCH_MS = Math.floor(performance.now() / 1000) * 1000;
const EPOCH_WALL_MS = Date.now() - (performance.now() - EPOCH_MS);

export class MarkedOrigin implements AsyncDisposable {
  readonly #server: RawServer;
  readonly #startTicks: number;
  /** Connections to the stream, each with the part that it gets next. */
  readonly #readers: Map<Socket, number>;
  readonly #timer: ReturnType<typeof setInterval>;
  #datagrams: { readonly socket: DatagramSocket; readonly port: number } | undefined;
  #datagramPart = 0;
  #fault: StreamFault | undefined;
  #frozen: { readonly writer: StreamWriter; readonly dts: number } | undefined;
  /** When each connection to the stream was made, and how many there were at once. */
  readonly openedMs: number[];
  mostOpen = 0;

  private constructor(server: RawServer, startTicks: number, seen: Seen) {
    this.#server = server;
    this.#startTicks = startTicks;
    this.#readers = seen.readers;
    this.openedMs = seen.openedMs;
    this.#timer = setInterval(() => this.#send(), PART_MS / 2);
  }

  /** `startTicks`: the clock of its frames, 90 kHz. */
  static async listen(startTicks: number): Promise<MarkedOrigin> {
    const seen: Seen = { readers: new Map(), openedMs: [] };
    const serve = { request: (_socket: Socket, _head: string) => {} };
    const server = await RawServer.listen((socket, head) => serve.request(socket, head));
    const origin = new MarkedOrigin(server, startTicks, seen);
    serve.request = (socket, head) => origin.#serve(socket, head);
    return origin;
  }

  get streamUrl(): string {
    return this.#server.url('/live');
  }

  get listUrl(): string {
    return this.#server.url('/index.m3u8');
  }

  get open(): number {
    return this.#readers.size;
  }

  /** From now on, over connections that are open, too. */
  set fault(fault: StreamFault | undefined) {
    this.#fault = fault;
    this.#frozen = undefined;
    for (const socket of this.#readers.keys()) {
      if (fault === 'reset') socket.resetAndDestroy();
      if (fault === 'end' || fault === 'list' || fault === 'busy') socket.end();
    }
    if (fault !== undefined) return;
    // What went by meanwhile is gone
    for (const socket of this.#readers.keys()) this.#readers.set(socket, beginOfSecond());
    this.#datagramPart = beginOfSecond();
  }

  /** Sends it to a port of this machine as well, whoever listens. */
  sendTo(port: number): void {
    const socket = createSocket('udp4');
    socket.on('error', () => {});
    this.#datagrams = { socket, port };
    this.#datagramPart = beginOfSecond();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#datagrams?.socket.close();
    await this.#server[Symbol.asyncDispose]();
  }

  #serve(socket: Socket, head: string): void {
    const path = head.split(' ')[1] ?? '';
    if (path === '/live') this.#serveStream(socket);
    else if (path === '/index.m3u8') socket.write(answerBytes(this.#list()));
    else {
      const first = Number(/(\d+)\.ts/.exec(path)?.[1]) * SEGMENT_S;
      const body = Buffer.concat([...this.#second(first), ...this.#second(first + 1)]);
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
      socket.write(body);
    }
  }

  #serveStream(socket: Socket): void {
    this.openedMs.push(performance.now());
    if (this.#fault === 'reset') return void socket.resetAndDestroy();
    if (this.#fault === 'busy') return void socket.end(answerBytes('busy', [], '503 Busy'));
    if (this.#fault === 'list') return void socket.end(answerBytes(this.#list()));
    socket.write(HEAD);
    if (this.#fault === 'end') return void socket.end();
    this.#readers.set(socket, beginOfSecond());
    this.mostOpen = Math.max(this.mostOpen, this.#readers.size);
    socket.on('close', () => this.#readers.delete(socket));
    this.#send();
  }

  #send(): void {
    const now = partNow();
    for (const [socket, next] of this.#readers) {
      for (let part = next; part < now; part++) this.#sendPart(socket, part);
      this.#readers.set(socket, now);
    }
    this.#sendDatagrams(now);
  }

  #sendPart(socket: Socket, part: number): void {
    if (this.#fault === 'garbage') socket.write(new Uint8Array(4000).fill(part % 64));
    else if (this.#fault === 'frozen') socket.write(this.#stillPart());
    else if (this.#fault === undefined) socket.write(this.#part(part));
  }

  #sendDatagrams(now: number): void {
    if (this.#datagrams === undefined || this.#fault !== undefined) return;
    const { socket, port } = this.#datagrams;
    for (; this.#datagramPart < now; this.#datagramPart++) {
      const bytes = this.#part(this.#datagramPart);
      for (let at = 0; at < bytes.length; at += DATAGRAM_BYTES) {
        socket.send(bytes.subarray(at, at + DATAGRAM_BYTES), port, '127.0.0.1');
      }
    }
  }

  /** As often as before, always the frame at which it froze. */
  #stillPart(): Uint8Array<ArrayBuffer> {
    this.#frozen ??= { writer: new StreamWriter(), dts: lastDts(partNow(), this.#startTicks) };
    const { writer, dts } = this.#frozen;
    for (let index = 0; index < 5; index++) writer.video({ dts });
    return writer.take();
  }

  #second(second: number): Uint8Array<ArrayBuffer>[] {
    return markedSecond(second, this.#startTicks);
  }

  #part(part: number): Uint8Array<ArrayBuffer> {
    const parts = this.#second(Math.floor(part / PARTS_PER_S));
    return parts[part % PARTS_PER_S] as Uint8Array<ArrayBuffer>;
  }

  #list(): string {
    const next = Math.floor(partNow() / PARTS_PER_S / SEGMENT_S);
    const first = Math.max(0, next - LISTED_SEGMENTS);
    const lines = [
      '#EXTM3U',
      `#EXT-X-TARGETDURATION:${SEGMENT_S}`,
      `#EXT-X-MEDIA-SEQUENCE:${first}`,
    ];
    for (let segment = first; segment < next; segment++) {
      const at = new Date(EPOCH_WALL_MS + segment * SEGMENT_S * 1000).toISOString();
      lines.push(`#EXT-X-PROGRAM-DATE-TIME:${at}`, `#EXTINF:${SEGMENT_S},`, `${segment}.ts`);
    }
    return `${lines.join('\n')}\n`;
  }
}

type Seen = { readonly readers: Map<Socket, number>; readonly openedMs: number[] };

/** The first part that is not over yet. */
function partNow(): number {
  return Math.floor((performance.now() - EPOCH_MS) / PART_MS);
}

function beginOfSecond(): number {
  return Math.floor(partNow() / PARTS_PER_S) * PARTS_PER_S;
}
