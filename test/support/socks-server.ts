// This file is a SOCKS5 proxy for tests: CONNECT only, with or without a password.
import { connect, createServer, type Socket } from 'node:net';

export type SocksServerOptions = {
  readonly username?: string;
  readonly password?: string;
  /** Names it knows. */
  readonly hosts?: Readonly<Record<string, string>>;
  /** RFC 1928 §6: what it answers to CONNECT; 0 is success. */
  readonly reply?: number;
  /** Takes the connection and says nothing. */
  readonly isSilent?: boolean;
};

export type SocksServer = AsyncDisposable & {
  readonly port: number;
  /** What it was asked for, as `host:port`. */
  readonly targets: string[];
  readonly open: ReadonlySet<Socket>;
};

export async function listenSocks(options: SocksServerOptions = {}): Promise<SocksServer> {
  const targets: string[] = [];
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    if (options.isSilent) socket.resume();
    else serve(socket, options, targets).catch(() => socket.destroy());
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', () => listening()));
  return {
    port: (server.address() as { port: number }).port,
    targets,
    open,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      await new Promise<void>((closed) => server.close(() => closed()));
    },
  };
}

async function serve(
  socket: Socket,
  options: SocksServerOptions,
  targets: string[],
): Promise<void> {
  const read = createReader(socket);
  // RFC 1928 §3: VER, NMETHODS, METHODS
  const [, methodCount] = await read(2);
  const methods = await read(methodCount!);
  const wanted = options.username === undefined ? 0x00 : 0x02;
  if (!methods.includes(wanted)) return void socket.end(Buffer.from([5, 0xff]));
  socket.write(Buffer.from([5, wanted]));
  if (wanted === 0x02 && !(await isKnown(read, options)))
    return void socket.end(Buffer.from([1, 1]));
  if (wanted === 0x02) socket.write(Buffer.from([1, 0]));
  // RFC 1928 §4: VER, CMD, RSV, ATYP, DST.ADDR, DST.PORT
  const [, , , type] = await read(4);
  const host = await readHost(read, type!);
  const port = (await read(2)).readUInt16BE(0);
  targets.push(`${host}:${port}`);
  const reply = options.reply ?? 0;
  const answer = Buffer.from([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]);
  if (reply !== 0) return void socket.end(answer);
  const upstream = connect(port, options.hosts?.[host] ?? host);
  upstream.on('connect', () => {
    socket.write(answer);
    const rest = read.rest();
    if (rest.length > 0) upstream.write(rest);
    socket.pipe(upstream).pipe(socket);
  });
  upstream.on('error', () => socket.destroy());
  upstream.on('close', () => socket.destroy());
  socket.on('close', () => upstream.destroy());
}

// RFC 1929 §2: VER, ULEN, UNAME, PLEN, PASSWD
async function isKnown(read: Reader, { username, password }: SocksServerOptions): Promise<boolean> {
  const [, nameLength] = await read(2);
  const name = (await read(nameLength!)).toString();
  const [passwordLength] = await read(1);
  return name === username && (await read(passwordLength!)).toString() === password;
}

// RFC 1928 §5
async function readHost(read: Reader, type: number): Promise<string> {
  if (type === 3) return (await read((await read(1))[0]!)).toString();
  const bytes = await read(type === 1 ? 4 : 16);
  if (type === 1) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, nth) => bytes.readUInt16BE(nth * 2).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

type Reader = ((sizeBytes: number) => Promise<Buffer>) & { rest(): Buffer };

function createReader(socket: Socket): Reader {
  let held = Buffer.alloc(0);
  let wake = () => {};
  const onData = (bytes: Buffer) => {
    held = Buffer.concat([held, bytes]);
    wake();
  };
  socket.on('data', onData);
  const read = async (sizeBytes: number) => {
    while (held.length < sizeBytes) {
      await new Promise<void>((more) => {
        wake = more;
      });
    }
    const bytes = held.subarray(0, sizeBytes);
    held = held.subarray(sizeBytes);
    return bytes;
  };
  const rest = () => {
    socket.off('data', onData);
    return held;
  };
  return Object.assign(read, { rest });
}
