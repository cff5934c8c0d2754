// This file knows which channels of the guides feed those of the line-up, and keeps that up to date.
import { errorFields, errorRecord } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { SharedStore } from '../../channel/shared-store.ts';
import type { GuideFeed } from '../feed.ts';
import type { GuideThread } from '../guide-thread.ts';
import { GUIDE_CHOICE_KIND, loadChoices } from './guide-choices.ts';
import type { GuideChoice, MatchWanted } from './match-channel.ts';
import type { MatchedChannel } from './match-guides.ts';

export type GuideMatchesOptions = {
  readonly guides: readonly string[];
  readonly thread: Pick<GuideThread, 'call'>;
  readonly shared: SharedStore;
  readonly log: Log;
  /** The channels as they are now. */
  readonly wanted: () => readonly Omit<MatchWanted, 'choice'>[];
  /** They were matched anew, and are fed by that once this has ended. */
  readonly matched: (feeds: Feeds) => Promise<void>;
};

export type Feeds = {
  /** As it was found; as the line-up has it where nobody has looked yet. */
  feedOf(channel: string, feed: GuideFeed): GuideFeed;
};

export class GuideMatches implements Feeds, Disposable {
  readonly #options: GuideMatchesOptions;
  readonly #watching: Disposable;
  #matches: ReadonlyMap<string, MatchedChannel> = new Map();
  #choices: ReadonlyMap<string, GuideChoice> | undefined;
  #running: Promise<void> | undefined;
  /** Something changed while it ran. */
  #isStale = false;
  #isClosed = false;

  constructor(options: GuideMatchesOptions) {
    this.#options = options;
    this.#watching = options.shared.watch(GUIDE_CHOICE_KIND, () => {
      this.#choices = undefined;
      void this.update();
    });
  }

  /** Empty until the first guide has come. */
  all(): readonly MatchedChannel[] {
    return [...this.#matches.values()];
  }

  feedOf(channel: string, feed: GuideFeed): GuideFeed {
    return fedBy(this.#matches.get(channel), feed);
  }

  /** Matches anew; one run answers all who ask while it waits. Never rejects. */
  update(): Promise<void> {
    this.#isStale = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#watching[Symbol.dispose]();
  }

  async #run(): Promise<void> {
    while (this.#isStale && !this.#isClosed) {
      this.#isStale = false;
      try {
        const next = await this.#match();
        if (this.#isStale) continue;
        try {
          await this.#options.matched({
            feedOf: (channel, feed) => fedBy(next.get(channel), feed),
          });
        } finally {
          this.#matches = next;
        }
      } catch (error) {
        if (this.#isClosed) return;
        const message = 'guides are matched by what was known before';
        this.#options.log.warn(message, errorFields(errorRecord(error)));
      }
    }
  }

  async #match(): Promise<ReadonlyMap<string, MatchedChannel>> {
    const { thread, shared, guides } = this.#options;
    this.#choices ??= await loadChoices(shared);
    const choices = this.#choices;
    const channels = this.#options.wanted().map((each) => {
      const choice = choices.get(each.channel);
      return choice === undefined ? each : { ...each, choice };
    });
    const matches = await thread.call({ what: 'match', guides, channels });
    return new Map(matches.map((match) => [match.channel, match]));
  }
}

function fedBy(match: MatchedChannel | undefined, feed: GuideFeed): GuideFeed {
  if (match === undefined) return feed;
  const shiftMs = feed.shiftMs ?? match.shiftMs;
  return { ...feed, from: match.from, ...(shiftMs === undefined ? {} : { shiftMs }) };
}
