// This file calls the socket functions of the C library of Linux, by file descriptor.
import { dlopen, FFIType } from 'bun:ffi';
import type { Counters } from './connection-limits.ts';
import { parseSocketAddress, SOCKET_ADDRESS_BYTES, type SocketAddress } from './socket-address.ts';

/** glibc, then musl as it is named on each processor we build for. */
const LIBRARIES = ['libc.so.6', 'libc.musl-x86_64.so.1', 'libc.musl-aarch64.so.1'];

const { i32, u32, ptr, i64_fast, u64_fast } = FFIType;
const SYMBOLS = {
  getsockopt: { args: [i32, i32, i32, ptr, ptr], returns: i32 },
  setsockopt: { args: [i32, i32, i32, ptr, u32], returns: i32 },
  getsockname: { args: [i32, ptr, ptr], returns: i32 },
  getpeername: { args: [i32, ptr, ptr], returns: i32 },
  shutdown: { args: [i32, i32], returns: i32 },
  send: { args: [i32, ptr, u64_fast, i32], returns: i64_fast },
} as const;

// Numbers of Linux, the same on x86-64 and arm64
const SOL_SOCKET = 1;
const SO_LINGER = 13;
const SO_ACCEPTCONN = 30;
const SO_COOKIE = 57;
const IPPROTO_TCP = 6;
const TCP_DEFER_ACCEPT = 9;
const TCP_INFO = 11;
const TCP_USER_TIMEOUT = 18;
const TCP_NOTSENT_LOWAT = 25;
const SHUT_WR = 1;
const SHUT_RDWR = 2;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

// struct tcp_info: where its fields lie, and the length that holds the last one read (Linux 4.6)
const INFO_BYTES = 256;
const INFO_STATE = 0;
const INFO_LAST_DATA_SENT_MS = 44;
const INFO_BYTES_ACKED = 120;
const INFO_BYTES_RECEIVED = 128;
const INFO_NOTSENT_BYTES = 144;
const INFO_DATA_SEGS_OUT = 156;
const INFO_MIN_BYTES = 160;
const TCP_ESTABLISHED = 1;
const TCP_CLOSE_WAIT = 8;

export interface SocketCalls extends Disposable {
  /** A number that no other socket has had since boot; undefined where `fd` is no socket. */
  cookie(fd: number): number | undefined;
  local(fd: number): SocketAddress | undefined;
  peer(fd: number): SocketAddress | undefined;
  isListening(fd: number): boolean;
  /** How long ago it was opened; where something was sent since, how long ago that was. */
  ageMs(fd: number): number | undefined;
  /** Fills `into`; false where the connection is not open, or the kernel does not say. */
  count(fd: number, into: Counters): boolean;
  /** Ends a connection with a reset, so that nothing unsent stays in the kernel. */
  abort(fd: number): boolean;
  /** How many of the bytes the kernel took: 0 where it has no room now, or no connection. */
  send(fd: number, bytes: Uint8Array): number;
  /** Nothing more comes from us; what was sent still arrives. */
  finish(fd: number): boolean;
  /** Hands over connections that say nothing too: else the kernel keeps them, for seconds more. */
  acceptAtOnce(fd: number): boolean;
  /** Bytes the kernel takes beyond what the reader has room for; inherited on accept. */
  limitUnsent(fd: number, bytes: number): boolean;
  /** How long sent bytes may stay unacknowledged, or a reader's window shut; inherited on accept. */
  limitUnacknowledged(fd: number, ms: number): boolean;
}

/** undefined where there is no such library, as on every other system. */
export function openSocketCalls(): SocketCalls | undefined {
  if (process.platform !== 'linux') return undefined;
  for (const library of LIBRARIES) {
    try {
      return socketCalls(dlopen(library, SYMBOLS));
    } catch {
      // Another C library; try the next name.
    }
  }
  return undefined;
}

function socketCalls(library: ReturnType<typeof dlopen<typeof SYMBOLS>>): SocketCalls {
  const { getsockopt, setsockopt, getsockname, getpeername, shutdown, send } = library.symbols;
  const length = new Uint32Array(1);
  const words = new Uint32Array(2);
  const address = new DataView(new ArrayBuffer(SOCKET_ADDRESS_BYTES));
  const addressBytes = new Uint8Array(address.buffer);
  const info = new DataView(new ArrayBuffer(INFO_BYTES));
  const infoBytes = new Uint8Array(info.buffer);

  /** The bytes that were written; undefined where the call failed. */
  const read = (fd: number, level: number, name: number, into: Uint8Array | Uint32Array) => {
    length[0] = into.byteLength;
    return getsockopt(fd, level, name, into, length) === 0 ? length[0] : undefined;
  };
  const write = (fd: number, level: number, name: number, values: readonly number[]) => {
    words.set(values);
    return setsockopt(fd, level, name, words, 4 * values.length) === 0;
  };
  const named = (call: typeof getsockname, fd: number) => {
    length[0] = SOCKET_ADDRESS_BYTES;
    return call(fd, addressBytes, length) === 0 ? parseSocketAddress(address) : undefined;
  };
  const counter = (at: number) => info.getUint32(at, true) + 2 ** 32 * info.getUint32(at + 4, true);

  return {
    cookie: (fd) =>
      read(fd, SOL_SOCKET, SO_COOKIE, words) === 8 ? words[0]! + 2 ** 32 * words[1]! : undefined,
    local: (fd) => named(getsockname, fd),
    peer: (fd) => named(getpeername, fd),
    isListening: (fd) => read(fd, SOL_SOCKET, SO_ACCEPTCONN, words) === 4 && words[0] === 1,
    ageMs(fd) {
      const bytes = read(fd, IPPROTO_TCP, TCP_INFO, infoBytes) ?? 0;
      return bytes < INFO_MIN_BYTES ? undefined : info.getUint32(INFO_LAST_DATA_SENT_MS, true);
    },
    count(fd, into) {
      const bytes = read(fd, IPPROTO_TCP, TCP_INFO, infoBytes) ?? 0;
      const state = info.getUint8(INFO_STATE);
      if (bytes < INFO_MIN_BYTES) return false;
      if (state !== TCP_ESTABLISHED && state !== TCP_CLOSE_WAIT) return false;
      into.receivedBytes = counter(INFO_BYTES_RECEIVED);
      into.ackedBytes = counter(INFO_BYTES_ACKED);
      into.sentSegments = info.getUint32(INFO_DATA_SEGS_OUT, true);
      into.unsentBytes = info.getUint32(INFO_NOTSENT_BYTES, true);
      return true;
    },
    // With linger 0 the close that follows drops what is unsent; without, the kernel keeps it
    abort: (fd) => write(fd, SOL_SOCKET, SO_LINGER, [1, 0]) && shutdown(fd, SHUT_RDWR) === 0,
    send: (fd, bytes) =>
      Math.max(0, Number(send(fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL))),
    finish: (fd) => shutdown(fd, SHUT_WR) === 0,
    acceptAtOnce: (fd) => write(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, [0]),
    limitUnsent: (fd, bytes) => write(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, [bytes]),
    limitUnacknowledged: (fd, ms) => write(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, [ms]),
    [Symbol.dispose]: () => library.close(),
  };
}
