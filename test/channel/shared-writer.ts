// This file is a process that writes into a shared store until it is killed.
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemRandom } from '../../src/base/random.ts';
import { openSharedForCommand } from '../../src/channel/open-shared.ts';

const [dataDir = '', url] = process.argv.slice(2);
const settings = { dataDir, ...(url === undefined ? {} : { storeUrl: url }) };
const store = await openSharedForCommand(settings, {
  clock: systemClock,
  random: systemRandom,
  log: silentLog,
});
process.stdout.write('up\n');
for (let round = 1; ; round++) {
  const documents = Array.from({ length: 3000 }, (_, at) => [`n-${at}`, round] as const);
  await store.save('round', new Map(documents));
  process.stdout.write(`${round}\n`);
}
