// This file tests what is said of places beyond memory that do not do their work.
import { afterEach, beforeEach, expect, test } from 'bun:test';
import { stored } from '../ring/tiers/stored-segment.ts';
import { settle } from '../support/fake-clock.ts';
import { createInProcessApp, type InProcessApp, loopChannel } from '../support/in-process-app.ts';
import { openScripted, type ScriptedOverflow } from '../support/scripted-overflow.ts';

let app: InProcessApp;
let scripted: ScriptedOverflow;

beforeEach(() => {
  app = createInProcessApp(
    [loopChannel('news')],
    {},
    {
      createOverflow: (clock) => {
        scripted = openScripted(clock);
        return scripted.overflow;
      },
    },
  );
});

afterEach(() => app[Symbol.dispose]());

const readyz = async () => {
  const answer = await app.ask('/readyz');
  return [answer.status, await answer.text()];
};

const states = async () => {
  const { tiers } = (await (await app.ask('/api/status')).json()) as {
    tiers: { state: string; error: { code: string } | null }[];
  };
  return tiers.map(({ state, error }) => [state, error?.code]);
};

const put = async (name: string) => {
  const copy = { channel: 'news', rendition: 'main', name, tierName: name };
  scripted.overflow.keep(
    { ...copy, span: { fromMs: 0, toMs: Infinity } },
    stored(new Uint8Array(4)),
  );
  await settle();
};

test('ready all the same, and says of each what it fails with until it works again', async () => {
  const { own, shared } = scripted;
  expect(await readyz()).toEqual([200, 'ready\n']);
  expect(await states()).toEqual([
    ['up', undefined],
    ['up', undefined],
  ]);

  own.failures = { put: 'TIER_READ_ONLY' };
  shared.failure = 'TIER_UNREACHABLE';
  for (const name of ['1.ts', '2.ts', '3.ts']) await put(name);
  expect(await readyz()).toEqual([
    200,
    `degraded: a scripted tier takes nothing: Cannot put: as it was told (TIER_READ_ONLY)
degraded: a scripted tier is down: Cannot put: as it was told (TIER_UNREACHABLE)
`,
  ]);
  expect(await states()).toEqual([
    ['full', 'TIER_READ_ONLY'],
    ['down', 'TIER_UNREACHABLE'],
  ]);

  shared.failure = undefined;
  await app.clock.advance(60_000);
  await put('4.ts');
  const [, text] = await readyz();
  expect(text).toStartWith('degraded: a scripted tier takes nothing');
  expect(await states()).toEqual([
    ['full', 'TIER_READ_ONLY'],
    ['up', undefined],
  ]);
  own.failures = {};
  await app.clock.advance(60_000);
  await put('5.ts');
  expect(await readyz()).toEqual([200, 'ready\n']);
});
