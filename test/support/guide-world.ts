// This file is guides without threads: a desk over a temporary folder, whose upstream a test writes.
import { join } from 'node:path';
import { silentLog } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import { GuideDesk } from '../../src/guide/guide-desk.ts';
import { Guides, type GuidesOptions } from '../../src/guide/guides.ts';
import type { FakeClock } from './fake-clock.ts';
import { type Script, scriptedOutbound } from './outbound-script.ts';
import { createTempFolder, type TempFolder } from './temp-folder.ts';

/** Where the one guide is, of tests that have no more. */
export const GUIDE_PLACE = 'http://guide.example/all.xml';

/** `more` over a thread that nobody is at, and a day that never comes round. */
export function guidesOf(
  clock: FakeClock,
  places: readonly string[],
  more: Partial<GuidesOptions> = {},
): Guides {
  return new Guides({
    guides: places.map((place) => ({ place, headers: {}, at: 240 })),
    thread: { call: () => Promise.reject(new Error('no guide is asked for')) },
    clock,
    random: seededRandom(1),
    log: silentLog,
    folder: '/nowhere',
    daily: () => ({ [Symbol.dispose]() {} }),
    ...more,
  });
}

/** As XMLTV writes a time, in UTC. */
export function xmltvTime(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14);
}

export class GuideWorld implements AsyncDisposable {
  readonly folder: TempFolder;
  readonly #held = new AsyncDisposableStack();

  static async create(): Promise<GuideWorld> {
    return new GuideWorld(await createTempFolder());
  }

  constructor(folder: TempFolder) {
    this.folder = this.#held.use(folder);
  }

  /** Over the places of `script`, none of which is read yet. */
  open(
    clock: FakeClock,
    script: Script,
    more: (desk: GuideDesk) => Partial<GuidesOptions> = () => ({}),
  ): Guides {
    const outbound = scriptedOutbound(script);
    const desk = this.#held.use(new GuideDesk({ dataDir: this.folder.path, outbound, clock }));
    const folder = join(this.folder.path, 'guide');
    const options = { thread: desk, folder, ...more(desk) };
    return this.#held.use(guidesOf(clock, Object.keys(script), options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held[Symbol.asyncDispose]();
  }
}
