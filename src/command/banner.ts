// This file writes what a person is to open, once the server is ready.

export type BannerFacts = {
  readonly version: string;
  /** Where the server listens, with the port that was really taken. */
  readonly host: string;
  readonly port: number;
  readonly publicUrl?: string;
  readonly channels: readonly { readonly id: string; readonly name: string }[];
  /** Addresses of the machine, as `networkInterfaces` gives them. */
  readonly addresses: readonly MachineAddress[];
  readonly colour: boolean;
};

export type MachineAddress = {
  readonly address: string;
  readonly family: 'IPv4' | 'IPv6';
  /** Reached from this machine only. */
  readonly internal: boolean;
};

/** More than these is a list that nobody reads: a machine with many containers has dozens. */
const MAX_OTHERS = 4;

/** A few lines, the most useful one first. */
export function formatBanner(facts: BannerFacts): string {
  const [base, ...others] = baseUrls(facts);
  const paint = painter(facts.colour);
  const first = facts.channels[0];
  const rows: [string, string][] = [
    ...(first === undefined ? [] : [row('Watch', `${base}/live/${first.id}/index.m3u8`)]),
    row('Line-up', `${base}/playlist.m3u`),
    row('Console', `${base}/`),
    row('Health', `${base}/healthz`),
  ];
  const lines = rows.map(([name, url]) => `  ${name.padEnd(9)}${paint.url(url)}`);
  const also = others.length === 0 ? '' : `\n  The same at ${others.join(', ')}\n`;
  const count = facts.channels.length;
  const what = count === 1 ? `one channel, ${first!.name}` : `${count} channels`;
  return `
  ${paint.name(`weir ${facts.version}`)} is on air with ${what}

${lines.join('\n')}
${also}
  Open the first address in VLC, mpv or a browser with HLS. Ctrl+C stops.

`;
}

function row(name: string, url: string): [string, string] {
  return [name, url];
}

/** The address that works from most places first. */
export function baseUrls(facts: Omit<BannerFacts, 'version' | 'channels' | 'colour'>): string[] {
  const { host, port } = facts;
  const url = (name: string) => `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
  const urls = facts.publicUrl === undefined ? [] : [facts.publicUrl];
  const isAny = host === '0.0.0.0' || host === '::';
  if (!isAny) return [...urls, url(host)];
  const outside = facts.addresses.filter(
    ({ address, family, internal }) =>
      !internal && (family === 'IPv4' || (host === '::' && !isLinkLocal(address))),
  );
  const inOrder = outside.toSorted((a, b) => a.family.localeCompare(b.family));
  return [
    ...urls,
    ...inOrder.slice(0, MAX_OTHERS).map(({ address }) => url(address)),
    url('localhost'),
  ];
}

/** fe80:: means nothing without the name of an interface, which URLs do not carry. */
function isLinkLocal(address: string): boolean {
  return /^fe[89ab]/i.test(address);
}

function painter(colour: boolean) {
  const wrap = (code: string) => (text: string) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
  return { name: wrap('1'), url: wrap('36') };
}
