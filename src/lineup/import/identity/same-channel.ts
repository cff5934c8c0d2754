// This file finds the channel of earlier line-ups that an entry of a later one is another source of.
import { type ChannelName, channelName } from './channel-name.ts';
import { normalText } from './identity.ts';

export type Comparable = {
  readonly name: string;
  readonly group?: string;
  readonly guide?: string;
};

/**
 * The channels there are. A wrong join shows the wrong programme, a missed one only a channel twice:
 * so whatever is not sure is not joined.
 */
export class KnownChannels<T> {
  readonly #byGuide = new Map<string, Known<T>[]>();
  readonly #byCore = new Map<string, Known<T>[]>();

  /** `list` says of which it is. */
  add(channel: T, like: Comparable, list: string): void {
    const known = { channel, list, name: channelName(like), group: normalText(like.group ?? '') };
    if (like.guide !== undefined) push(this.#byGuide, like.guide.toLowerCase(), known);
    if (known.name.core !== '') push(this.#byCore, known.name.core, known);
  }

  /** `isOpen`: may another source be put to it? Undefined where there is none, or which is not sure. */
  find(like: Comparable, isOpen: (channel: T) => boolean, quality: 'same' | 'any'): T | undefined {
    const name = channelName(like);
    const may = (known: Known<T>) =>
      isOpen(known.channel) && (quality === 'any' || known.name.quality === name.quality);
    const byGuide = (this.#byGuide.get(like.guide?.toLowerCase() ?? '') ?? []).filter((known) =>
      isNoOther(known.name, name),
    );
    const alike = byGuide.find((known) => known.name.core === name.core && may(known));
    // Of several that share an id, what is called otherwise may be any, or none
    const only = byGuide.length === 1 ? byGuide.find(may) : undefined;
    const byName = () => {
      const all = this.#byCore.get(name.core) ?? [];
      return oneOf(
        all.filter((known) => known.name.country === name.country && may(known)),
        like,
      );
    };
    return (alike ?? only ?? byName())?.channel;
  }
}

type Known<T> = {
  readonly channel: T;
  readonly list: string;
  readonly name: ChannelName;
  readonly group: string;
};

/** Where one list has several of a name, the group tells which of them is meant, or nothing does. */
function oneOf<T>(alike: readonly Known<T>[], { group = '' }: Comparable): Known<T> | undefined {
  const [first] = alike;
  const twins = alike.filter(
    ({ list, name }) => list === first?.list && name.quality === first.name.quality,
  );
  if (twins.length < 2) return first;
  const ofGroup = twins.filter((twin) => twin.group === normalText(group));
  return ofGroup.length === 1 ? ofGroup[0] : undefined;
}

/** Guides' ids are copied from channel to channel: numbers, regions and countries must not differ. */
function isNoOther(a: ChannelName, b: ChannelName): boolean {
  if (a.numbers !== b.numbers || a.regions !== b.regions) return false;
  return a.country === undefined || b.country === undefined || a.country === b.country;
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
