// This file is a provider over the years: what it shows stays the same, whatever its lists say of that.

/** One programme that is really there; nothing of it but what it shows is permanent. */
export type Programme = {
  /** Who it is, which no list says. */
  readonly stamp: number;
  name: string;
  group: string;
  guide: string | undefined;
  /** Where it is at the provider. */
  stream: number;
  /** Whether our rules know the number of its stream in its address. */
  isPlain: boolean;
  isHere: boolean;
  /** Whether another provider has it too, whatever the one does. */
  isMirrored: boolean;
  number: number | undefined;
};

type Change = 'rename' | 'regroup' | 'drop' | 'return' | 'mirror';

/** What a refresh changed; every index is taken modulo how many there are. */
export type Event =
  | { readonly what: Change; readonly at: number }
  | { readonly what: 'guide'; readonly at: number; readonly to: 'new' | 'shared' | 'none' }
  | { readonly what: 'swap addresses'; readonly at: number; readonly with: number }
  | { readonly what: 'add'; readonly like: 'nothing' | 'name' | 'guide' | 'address' }
  | { readonly what: 'shuffle'; readonly seed: number }
  | { readonly what: 'tokens' | 'host' };

/** The first of them stay as they are. */
const ALWAYS_HERE = 6;
const SHARED_GUIDE = 'shared.uk';
const SHARED_NAME = 'News';

export class Provider {
  readonly programmes: Programme[] = [];
  host = 'h0.example';
  token = 'token0';
  #count = 0;
  /** What changed places in this refresh changes nothing else: nobody could tell it apart then. */
  readonly #moved = new Set<Programme>();
  readonly #changed = new Set<Programme>();

  constructor(size: number) {
    // These never go, so that what they share with others is never one's own
    for (const isPlain of [true, false, true, false]) {
      this.#add({ name: SHARED_NAME, guide: SHARED_GUIDE, isPlain });
    }
    for (const isPlain of [true, false]) this.#add({ guide: SHARED_GUIDE, isPlain });
    for (let index = 0; index < size; index++) {
      const count = this.#count;
      this.#add({
        ...(count % 5 === 0 ? { name: SHARED_NAME } : {}),
        guide: [undefined, SHARED_GUIDE, `guide${count}.uk`][count % 3],
        isPlain: count % 2 === 0,
        number: count % 4 === 0 ? count % 7 : undefined,
      });
    }
  }

  /** That of one of them as the list has it now. */
  urlOf({ stream, isPlain }: Programme, host = this.host): string {
    return isPlain
      ? `http://${host}/live/${this.token}/pw/${stream}.ts`
      : `http://${host}/play.php?c=${stream}&t=${this.token}`;
  }

  list(): string {
    const here = this.programmes.filter(({ isHere }) => isHere);
    return this.#listed(here, this.host);
  }

  /** Those whose name is theirs alone: others would be joined with no more than one of that name. */
  mirror(host: string): string {
    return this.#listed(this.programmes.filter(isAtMirror), host);
  }

  #listed(programmes: readonly Programme[], host: string): string {
    const entries = programmes.map((programme) => {
      const { name, group, guide = '', number = '' } = programme;
      const attributes = `tvg-id="${guide}" tvg-chno="${number}" group-title="${group}"`;
      return `#EXTINF:-1 ${attributes},${name}\n${this.urlOf(programme, host)}\n`;
    });
    return `#EXTM3U\n${entries.join('')}`;
  }

  change(events: readonly Event[]): void {
    this.#moved.clear();
    this.#changed.clear();
    // What went in an earlier refresh may have its address given away, what goes in this one not
    const gone = this.programmes.filter(({ isHere }) => !isHere);
    for (const event of events) this.#happen(event, gone);
  }

  #happen(event: Event, gone: readonly Programme[]): void {
    switch (event.what) {
      case 'tokens':
        this.token = `token${this.#next()}`;
        return;
      case 'host':
        this.host = `h${this.#next()}.example`;
        return;
      case 'shuffle':
        this.programmes.sort((a, b) => (place(a, event.seed) < place(b, event.seed) ? -1 : 1));
        return;
      case 'add':
        this.#addLike(event.like, gone);
        return;
      case 'swap addresses':
        this.#swap(this.#one(event.at), this.#one(event.with));
        return;
      case 'guide': {
        const one = this.#one(event.at);
        const guides = { new: `guide${this.#next()}.uk`, shared: SHARED_GUIDE, none: undefined };
        if (one === undefined) return;
        one.guide = guides[event.to];
        this.#changed.add(one);
        return;
      }
      default: {
        const one = this.#one(event.at);
        if (one !== undefined) this.#changeOne(one, event.what);
      }
    }
  }

  #changeOne(one: Programme, what: Change): void {
    this.#changed.add(one);
    if (what === 'rename') one.name = `Name ${this.#next()}`;
    if (what === 'regroup') one.group = `Group ${this.#next()}`;
    if (what === 'drop') one.isHere = false;
    if (what === 'return') one.isHere = true;
    if (what === 'mirror') one.isMirrored = !one.isMirrored;
  }

  /** Undefined where it is one of those that never change, or has moved. */
  #one(at: number): Programme | undefined {
    const others = this.programmes.filter(({ stamp }) => stamp > ALWAYS_HERE);
    const one = others[at % Math.max(1, others.length)];
    return one === undefined || this.#moved.has(one) ? undefined : one;
  }

  #swap(a: Programme | undefined, b: Programme | undefined): void {
    if (a === undefined || b === undefined || a === b || !a.isHere || !b.isHere) return;
    if (this.#changed.has(a) || this.#changed.has(b)) return;
    [a.stream, b.stream] = [b.stream, a.stream];
    [a.isPlain, b.isPlain] = [b.isPlain, a.isPlain];
    this.#moved.add(a).add(b);
  }

  #addLike(like: 'nothing' | 'name' | 'guide' | 'address', gone: readonly Programme[]): void {
    const former = like === 'address' ? gone.find(({ isHere }) => !isHere) : undefined;
    this.#add({
      ...(like === 'name' ? { name: SHARED_NAME } : {}),
      guide: like === 'guide' ? SHARED_GUIDE : undefined,
      ...(former === undefined ? {} : { stream: former.stream, isPlain: former.isPlain }),
    });
    // It has another, should it ever come back
    if (former !== undefined) former.stream = 1000 + this.#next();
  }

  #add(more: Partial<Programme>): void {
    const stamp = this.#next();
    const programme = {
      stamp,
      name: `Name ${stamp}`,
      group: more.name === SHARED_NAME ? `Group ${stamp}` : `Genre ${stamp % 3}`,
      guide: undefined,
      stream: 1000 + stamp,
      isPlain: true,
      isHere: true,
      isMirrored: stamp <= ALWAYS_HERE || stamp % 3 === 0,
      number: undefined,
    };
    this.programmes.push({ ...programme, ...more });
    this.#moved.add(this.programmes.at(-1) as Programme);
  }

  #next(): number {
    return ++this.#count;
  }
}

export function isAtMirror({ isMirrored, name }: Programme): boolean {
  return isMirrored && name !== SHARED_NAME;
}

function place({ stamp }: Programme, seed: number): bigint {
  return Bun.hash.wyhash(`${seed} ${stamp}`);
}

/** What a line-up that was read knows of one. */
export type Told = Pick<Programme, 'name' | 'group' | 'guide'> & {
  readonly url: string;
  readonly isPlain: boolean;
  readonly stream: number;
  readonly host: string;
  /** It was in the list when that was read last. */
  readonly wasHere: boolean;
};

/** Whether a list says who it is: something of it is as before, and no other's. */
export function tells(before: Told, now: Omit<Told, 'wasHere'>): boolean {
  const isName = before.name === now.name;
  if (isName && before.group === now.group) return true;
  if (isName && now.name !== SHARED_NAME) return true;
  if (before.guide === now.guide && ![undefined, SHARED_GUIDE].includes(now.guide)) return true;
  if (!before.wasHere) return false;
  const isStream = before.stream === now.stream && before.host === now.host;
  return before.url === now.url || (isStream && before.isPlain && now.isPlain);
}
