// This file is a process that fills a folder with segments until it is killed.
import { systemClock } from '../../../src/base/clock.ts';
import { DiskTier } from '../../../src/ring/tiers/disk.ts';
import { bodyOf, FAR_MS, key, MIB, NEVER, stored } from './stored-segment.ts';

/** As many as write at the same time. */
const WRITERS = 4;

const [path, round] = process.argv.slice(2);
const tier = new DiskTier({ path: path!, sizeBytes: 512 * MIB, clock: systemClock });
await tier.open(NEVER);

async function write(writer: number): Promise<void> {
  for (let count = 0; ; count++) {
    const name = `${round}-${writer}-${count}`;
    await tier.put(key(name), stored(bodyOf(name, 200_000)), FAR_MS, NEVER);
    // Told once it is promised: whoever reads this line may ask for it
    process.stdout.write(`${name}\n`);
  }
}

await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
