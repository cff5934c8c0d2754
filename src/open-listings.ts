// This file opens what tells players what there is to watch: guides, logos, users, numbers, devices.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { openUsers } from './access/open-users.ts';
import { systemClock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import { systemRandom } from './base/random.ts';
import type { OpenSharedStore } from './channel/open-shared.ts';
import type { ChannelList } from './channel-list.ts';
import type { Config } from './config/config.ts';
import { createGuideThread } from './guide/guide-thread.ts';
import { Guides } from './guide/guides.ts';
import {
  guideChannelsOf,
  guideLogoOf,
  matchWantedOf,
  programmesOf,
} from './lineup/guide-channels.ts';
import { createDevices, DEVICE_SECRET_BYTES } from './lineup/hdhomerun/devices.ts';
import { Logos } from './lineup/logos/logos.ts';
import { Xtream } from './lineup/xtream/xtream.ts';
import type { Media } from './open-media.ts';
import { daily } from './schedule/daily.ts';
import { GUIDE_WORKER, IMPORT_WORKER } from './threads.ts';

export type ListingsOptions = {
  /** As it is now: it is loaded anew while the server runs. */
  readonly current: () => Config;
  readonly list: Pick<ChannelList, 'lineUps'>;
  readonly media: Media;
  readonly shared: OpenSharedStore;
  readonly userAgent: string;
  readonly log: Log;
};

export type Listings = Awaited<ReturnType<typeof openListings>>;

const clock = systemClock;
const random = systemRandom;

export async function openListings(options: ListingsOptions) {
  const { current, list, media, shared, log } = options;
  const { relays, outbound } = media;
  const { dataDir, devices: wanted } = current();
  const guides = openGuides(options);
  const logos = new Logos({ folder: join(dataDir, 'logos'), outbound, clock, random, log });
  const users = await openUsers(shared, { clock, log });
  const xtream = new Xtream({
    ...{ users, clock, log },
    store: shared,
    isStoreUp: () => shared.stats().isUp,
    channels: () => relays.channels,
    catalogue: list.lineUps.catalogue,
    programmesOf: (channel, span) => programmesOf(guides.guides, channel, span),
  });
  const devices = createDevices(wanted, await shared.secret('hdhomerun', DEVICE_SECRET_BYTES));
  xtream.prepare();

  return {
    ...{ guides: guides.guides, logos, users, xtream, devices },

    /** There are other channels than before. */
    changed(): void {
      void guides.guides.lineUpChanged();
      xtream.prepare();
    },

    async [Symbol.asyncDispose](): Promise<void> {
      logos[Symbol.dispose]();
      await guides[Symbol.asyncDispose]();
      xtream[Symbol.dispose]();
      users[Symbol.dispose]();
    },
  };
}

function openGuides({ current, media, shared, userAgent, log }: ListingsOptions) {
  const { dataDir, allowPrivate, guides: settings } = current();
  const { relays } = media;
  const logoOf = guideLogoOf(
    () => current().publicUrl,
    () => current().logos,
  );
  const thread = createGuideThread({
    ...{ entry: GUIDE_WORKER, clock, log },
    settings: { dataDir, allowPrivate, userAgent, ...secondThread() },
  });
  const guides: Guides = new Guides({
    ...{ guides: settings, thread, clock, random, log, daily },
    folder: join(dataDir, 'guide'),
    lineUp: {
      shared,
      wanted: () => matchWantedOf(relays.channels, current().channels),
      document: (feeds) => guideChannelsOf(relays.channels, feeds, logoOf),
    },
  });
  return {
    guides,
    async [Symbol.asyncDispose](): Promise<void> {
      await guides[Symbol.asyncDispose]();
      await thread[Symbol.asyncDispose]();
    },
  };
}

/** Two threads import guides no sooner than one where there is one core for both. */
function secondThread(): { readonly second?: string } {
  return availableParallelism() > 1 ? { second: IMPORT_WORKER.href } : {};
}
