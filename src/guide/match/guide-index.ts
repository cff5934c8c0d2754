// This file finds the channels of a guide by id, by name and by words.
import { foldId } from '../fold-id.ts';
import { type ChannelWords, channelWords } from './channel-words.ts';
import { countryOf, FILLER_WORDS } from './known-words.ts';

export type GuideNames = { readonly id: string; readonly names: readonly string[] };

export type Indexed = {
  readonly id: string;
  /** The one to show. */
  readonly name: string;
  readonly words: readonly ChannelWords[];
  /** Numbers that guides give among the names. */
  readonly numbers: readonly string[];
};

/** Names of one channel that are looked at: others are of its past. */
const MAX_NAMES = 8;
/** Channels whose likeness is worked out for one of the line-up: a millisecond. */
const MAX_CANDIDATES = 300;

export class GuideIndex {
  readonly #ids = new Map<string, Indexed>();
  readonly #foldedIds = new Map<string, Indexed>();
  readonly #keys = new Map<string, Indexed[]>();
  readonly #words = new Map<string, Indexed[]>();
  #count = 0;

  add({ id, names }: GuideNames): void {
    const channel = indexed(id, names);
    this.#count++;
    this.#ids.set(id, channel);
    const folded = foldId(id);
    if (!this.#foldedIds.has(folded)) this.#foldedIds.set(folded, channel);
    for (const key of new Set(channel.words.map((words) => words.key))) {
      if (key !== '') push(this.#keys, key, channel);
    }
    const words = new Set(channel.words.flatMap((each) => each.words));
    for (const word of words) push(this.#words, word, channel);
  }

  /** Some guides have two that differ in case: the very one first. */
  byId(id: string): Indexed | undefined {
    return this.#ids.get(id) ?? this.#foldedIds.get(foldId(id));
  }

  byKey(key: string): readonly Indexed[] {
    return key === '' ? [] : (this.#keys.get(key) ?? []);
  }

  /** Those that share a word with it: of the rarest first, and no more than can be looked at. */
  byWords({ words }: ChannelWords): ReadonlySet<Indexed> {
    const lists = words
      .filter((word) => !FILLER_WORDS.has(word))
      .map((word) => this.#words.get(word) ?? [])
      .sort((one, other) => one.length - other.length);
    const found = new Set<Indexed>();
    for (const list of lists) {
      if (found.size + list.length > MAX_CANDIDATES) break;
      for (const channel of list) found.add(channel);
    }
    return found;
  }

  /** 1 for a word that one channel has, towards a fifth for one that all have. */
  weightOf(word: string): number {
    const count = this.#words.get(word)?.length ?? 1;
    return Math.max(0.2, 1 - Math.log(count) / Math.log(this.#count + 2));
  }
}

function indexed(id: string, names: readonly string[]): Indexed {
  const numbers = names.filter((name) => /^\s*\d{1,5}\s*$/.test(name)).map((name) => name.trim());
  const said = names.filter((name) => !numbers.includes(name.trim())).slice(0, MAX_NAMES);
  // Where it has no name its id has to do: bbc-one.uk
  const words = (said.length > 0 ? said : [id.replace(/[._]+(?=.*\.)|_/g, ' ')]).map(channelWords);
  const country = countryOf(/\.([a-z]{2})$/i.exec(id)?.[1] ?? '');
  const placed = words.map((each) => ({ ...each, country: each.country ?? country }));
  return { id, name: said[0] ?? id, words: placed, numbers };
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
