// This file reads a bouquet as Enigma2 set-top boxes do, flaws included.

export type Enigma2Service = {
  readonly type: number;
  readonly path: string;
  readonly name: string;
};

export type Enigma2Bouquet = {
  readonly name: string | undefined;
  readonly services: readonly Enigma2Service[];
  /** Files of other bouquets, out of an index. */
  readonly bouquets: readonly string[];
};

/** Two numbers, then eight of base 16; the first colon after them ends the path. */
const REFERENCE = /^(\d+):(\d+)((?::[0-9a-fA-F]+){8}):/;

export function readAsEnigma2(text: string): Enigma2Bouquet {
  const services: Enigma2Service[] = [];
  const bouquets: string[] = [];
  let name: string | undefined;
  for (const raw of text.split('\n')) {
    const line = raw.replace(/[\r\n]+$/, '');
    if (line.startsWith('#NAME ')) name = line.slice('#NAME '.length);
    else if (line.startsWith('#SERVICE ')) readService(line.slice('#SERVICE '.length));
    else if (line.startsWith('#DESCRIPTION ')) {
      const last = services.pop();
      if (last !== undefined) services.push({ ...last, name: line.slice('#DESCRIPTION '.length) });
    }
  }
  return { name, services, bouquets };

  function readService(text: string): void {
    const reference = REFERENCE.exec(text);
    if (reference === null) return;
    const rest = text.slice(reference[0].length);
    if (reference[2] === '7') {
      const file = /FROM BOUQUET "([^"]*)"/.exec(rest)?.[1];
      if (file !== undefined) bouquets.push(file);
      return;
    }
    const colon = rest.indexOf(':');
    const path = colon < 0 ? rest : rest.slice(0, colon);
    const name = colon < 0 ? '' : rest.slice(colon + 1);
    services.push({ type: Number(reference[1]), path: decode(path), name: decode(name) });
  }
}

/** One layer of percent-encoding, byte by byte; one that is cut off or says 0 is dropped. */
function decode(text: string): string {
  const bytes: number[] = [];
  const from = new TextEncoder().encode(text);
  for (let at = 0; at < from.length; at += 1) {
    const byte = from[at] as number;
    if (byte !== 0x25) {
      bytes.push(byte);
      continue;
    }
    at += 2;
    if (at >= from.length) break;
    const hex = String.fromCharCode(from[at - 1] as number, from[at] as number);
    const value = Number.parseInt(hex, 16);
    if (value > 0) bytes.push(value);
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}
