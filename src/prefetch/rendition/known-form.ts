// This file knows what players of a rendition were given first, which other sources are made into.
import type { Log } from '../../base/log.ts';
import type { Form } from '../../media/remux/form.ts';

export class KnownForm {
  readonly #log: Log;
  /** What players know of the rendition, by the segments it began with. */
  #form: Form | undefined;
  /** It was fed by another source when it began. */
  #isForeign = false;
  #unmadeTold = false;
  /** Segments of a source that took over: made into what players know, or left as they are. */
  readonly counts = { made: 0, unmade: 0 };

  constructor(log: Log) {
    this.#log = log;
  }

  /** What is to be made of all that comes; undefined while the source is the one it began with. */
  get toMake(): Form | undefined {
    return this.#isForeign ? this.#form : undefined;
  }

  /** Undefined until it is known. */
  get container(): Form['container'] | undefined {
    return this.#form?.container;
  }

  /** Nobody has seen anything of it: whatever comes first is what it is. */
  forget(): void {
    this.#form = undefined;
    this.#isForeign = false;
  }

  /** Another source feeds it from now on, for who has seen what was before. */
  changeSource(): void {
    this.#isForeign = this.#form !== undefined;
    this.#unmadeTold = false;
  }

  /** Of a segment that was loaded: the form it shows, and why it could not be made into the known. */
  loaded(form: Form | undefined, isMade: boolean, unmade: string | undefined): void {
    this.#form ??= form;
    if (unmade !== undefined) this.#tellUnmade(unmade);
    else if (isMade) this.counts.made++;
  }

  #tellUnmade(reason: string): void {
    this.counts.unmade++;
    if (this.#unmadeTold) return;
    this.#unmadeTold = true;
    const { container } = this;
    const message =
      'segments go out as the source has them, and not every player goes on with that';
    this.#log.warn(message, { container, reason });
  }
}
