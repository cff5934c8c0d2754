// This file is all that a simulated channel is fed from: its source, and in some worlds a second.
import type { OutboundRequest } from '../../src/net/outbound.ts';
import type { Made } from './encoder.ts';
import { nameOf, type Upstream } from './upstream.ts';
import type { Plan } from './wire.ts';

export class Upstreams {
  readonly main: Upstream;
  readonly backup: Upstream | undefined;
  /** What plays where all are down says this; 0 where nothing does. */
  readonly #slateTargetS: number;

  constructor(main: Upstream, backup: Upstream | undefined, slateTargetS = 0) {
    this.main = main;
    this.backup = backup;
    this.#slateTargetS = slateTargetS;
  }

  /** One of them may be left, tried aside and returned to. */
  get areSeveral(): boolean {
    return this.backup !== undefined || this.#slateTargetS > 0;
  }

  get all(): readonly Upstream[] {
    return this.backup === undefined ? [this.main] : [this.main, this.backup];
  }

  /** Names or numbers have come to mean other content, which nothing can tell from outside. */
  get isAmbiguous(): boolean {
    return this.all.some((upstream) => upstream.isAmbiguous);
  }

  /** The longest that any of them says now, or ever said. */
  get targetS(): number {
    return Math.max(this.#slateTargetS, ...this.all.map(({ targetS }) => targetS));
  }

  get longestTargetS(): number {
    const longest = this.all.map(({ longestTargetS }) => longestTargetS);
    return Math.max(this.#slateTargetS, ...longest);
  }

  get lagMs(): number {
    return Math.max(...this.all.map(({ options }) => options.lagMs));
  }

  plan(request: OutboundRequest): Plan {
    return this.#at(new URL(request.url).pathname).plan(request);
  }

  /** What stands behind the path of a segment. */
  find(path: string): Made | undefined {
    return this.#at(path).encoder.find(nameOf(path.split('/').at(-1) as string));
  }

  /** What a body of media shows; undefined for any other. */
  contentOf(identity: string): string | undefined {
    for (const { contents } of this.all) {
      const content = contents.get(identity);
      if (content !== undefined) return content;
    }
    return undefined;
  }

  /**
   * Renditions of ours that one of a source may feed: those that it lacks are fed by the nearest,
   * and players may hold the names of both sources.
   */
  get fedByOne(): number {
    if (!this.areSeveral) return 1;
    const slate = this.#slateTargetS > 0 ? 1 : 0;
    return this.all.reduce((sum, { options }) => sum + options.renditions.length, slate);
  }

  /** A thread that died has forgotten what it knew of them. */
  forget(): void {
    for (const upstream of this.all) upstream.isForgotten = true;
  }

  #at(path: string): Upstream {
    const found = this.all.find(({ options }) => path.startsWith(`/${options.channel}/`));
    if (found === undefined) throw new Error(`Cannot find the upstream of ${path}: there is none`);
    return found;
  }
}
