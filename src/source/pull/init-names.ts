// This file names the init segments of a source, whatever tokens stand in their URLs.
import { assetName } from '../../ring/name.ts';

/** Where an init segment is: a URL, and the range within it where there is one. */
export type InitPlace = { readonly url: string; readonly suffix: string };

/** Names kept: more than a list ever holds. */
const NAMES_MAX = 256;
/**
 * What differs in so many lists in a row for the same segment is a token. Once is not enough:
 * after a restart of the encoder another init segment may stand with the old number and name.
 */
const CHANGES_MIN = 3;
/** The file's own name says which it is, however often it changes. */
const FILE = 'file';

/**
 * An init segment is named by where it is. But some upstreams sign every URL anew with each list:
 * then one that never changed would be fetched, and announced to players, with every segment. Keys
 * are not named so: with them all that tells one from another may stand in such a parameter.
 */
export class InitNames {
  readonly #places = new Map<string, InitPlace>();
  #byLocation = new Map<string, string>();
  readonly #tokens = new Set<string>();
  /** Part of a URL → lists in a row in which it differed from the list before. */
  readonly #changes = new Map<string, number>();
  #before = new Map<string, string>();
  #now = new Map<string, string>();

  /** A list is read from its beginning. */
  begin(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }

  /** `segment` needs it: in two lists the same segment needs the same bytes. */
  nameOf(segment: string, place: InitPlace): string {
    this.#now.set(segment, place.url);
    const location = this.#locationOf(place);
    const known = this.#byLocation.get(location);
    if (known !== undefined) return known;
    const name = assetName('init', place.url + place.suffix, 'mp4');
    this.#places.set(name, place);
    this.#byLocation.set(location, name);
    if (this.#places.size > NAMES_MAX) this.#forgetOldest();
    return name;
  }

  /** The list was read to its end. */
  end(): void {
    const changed = new Set<string>();
    const same = new Set<string>([FILE]);
    for (const [segment, url] of this.#now) {
      const before = this.#before.get(segment);
      if (before !== undefined) compare(partsOf(before), partsOf(url), changed, same);
    }
    for (const part of same) this.#changes.delete(part);
    const learnt = [...changed].filter((part) => this.#isToken(part, same));
    if (learnt.length === 0) return;
    for (const part of learnt) this.#tokens.add(part);
    // Names given so far keep their meaning under what is left of their URLs; the last is in use
    this.#byLocation = new Map(
      [...this.#places].map(([name, place]) => [this.#locationOf(place), name]),
    );
  }

  #isToken(part: string, same: ReadonlySet<string>): boolean {
    if (same.has(part) || this.#tokens.has(part)) return false;
    const lists = (this.#changes.get(part) ?? 0) + 1;
    this.#changes.set(part, lists);
    return lists >= CHANGES_MIN;
  }

  #locationOf({ url, suffix }: InitPlace): string {
    if (this.#tokens.size === 0) return url + suffix;
    const kept = [...partsOf(url)].filter(([part]) => !this.#tokens.has(part));
    return JSON.stringify(kept) + suffix;
  }

  #forgetOldest(): void {
    const [name, place] = this.#places.entries().next().value as [string, InitPlace];
    this.#places.delete(name);
    const location = this.#locationOf(place);
    if (this.#byLocation.get(location) === name) this.#byLocation.delete(location);
  }
}

function compare(
  before: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
  changed: Set<string>,
  same: Set<string>,
): void {
  if (before.size !== now.size) return;
  for (const [part, value] of now) {
    const old = before.get(part);
    if (old !== undefined) (old === value ? same : changed).add(part);
  }
}

/** The parts of a URL that may differ on their own: folders by their place, parameters by name. */
function partsOf(text: string): Map<string, string> {
  const url = URL.parse(text);
  if (url === null) return new Map([[FILE, text]]);
  const folders = url.pathname.split('/');
  const file = folders.pop() as string;
  const numbered = folders.map((folder, index) => [`/${index}`, folder] as const);
  const parameters = [...url.searchParams].map(([name, value]) => [`?${name}`, value] as const);
  return new Map([['host', url.host], ...numbered, [FILE, file], ...parameters]);
}
