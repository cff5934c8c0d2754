// This file tests the real thread of the line-ups: it reads, it is replaced where a pattern hangs.
import { describe, expect, test } from 'bun:test';
import { systemClock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { LineUpUse } from '../../../src/lineup/import/line-up-messages.ts';
import { LineUpThread } from '../../../src/lineup/import/line-up-thread.ts';
import type { Tried } from '../../../src/lineup/import/pattern-watch.ts';
import { LINE_UP_WORKER } from '../../../src/threads.ts';
import { inputOf, lineUpSetting, rowsOf } from '../../support/line-up-world.ts';
import { createTempFolder } from '../../support/temp-folder.ts';

function openThread(dataDir: string, use: LineUpUse = 'server'): LineUpThread {
  const settings = { dataDir, allowPrivate: [], userAgent: 'weir', use };
  return new LineUpThread({
    entry: LINE_UP_WORKER,
    clock: systemClock,
    log: silentLog,
    settings,
  });
}

const LIST = `#EXTM3U\n#EXTINF:-1,${'a'.repeat(199)}\nhttp://h.example/1.m3u8\n`;

describe('LineUpThread', () => {
  test('keeps what it read for the next one; a trial keeps nothing', async () => {
    await using folder = await createTempFolder();
    const setting = lineUpSetting(await folder.write('list.m3u', LIST));
    const input = inputOf([setting]);
    {
      await using trial = openThread(folder.path, 'trial');
      const answer = await trial.call({ what: 'import', key: setting.key, input });
      expect(answer).toMatchObject({ kind: 'taken', channels: 1 });
      const { channels } = await trial.call({ what: 'combine', input });
      expect(rowsOf(channels).length).toBe(1);
    }
    expect(await Bun.file(`${folder.path}/shared.sqlite`).exists()).toBe(false);
    {
      await using thread = openThread(folder.path);
      expect(await thread.call({ what: 'combine', input })).toMatchObject({
        channels: [],
        kept: [],
      });
      await thread.call({ what: 'import', key: setting.key, input });
    }
    await using next = openThread(folder.path);
    const { edition, channels } = await next.call({ what: 'combine', input });
    expect(edition).toBe(1);
    expect(rowsOf(channels)).toMatchObject([{ sources: [{ url: 'http://h.example/1.m3u8' }] }]);
  });

  test('one that hangs in a pattern is replaced, and which pattern it was is told', async () => {
    await using folder = await createTempFolder();
    const place = await folder.write('list.m3u', LIST);
    const name = [
      { kind: 'text', text: 'x' },
      { kind: 'pattern', source: '(.*)(.*)(.*)(.*)(.*)(.*)x', flags: '' },
    ] as const;
    const plain = lineUpSetting(place);
    const rules = { ...plain.rules, exclude: { group: [], name, guide: [] } };
    const input = inputOf([lineUpSetting('/none'), { ...plain, rules }]);
    await using thread = openThread(folder.path);
    const stuck: Tried[] = [];
    thread.onStuck = (tried) => stuck.push(tried);
    const call = thread.call({ what: 'import', key: place, input });
    await expect(call).rejects.toMatchObject({ code: 'LINEUP_THREAD' });
    expect(stuck).toEqual([{ lineUp: 1, index: 1 }]);
    const good = inputOf([plain]);
    const answer = await thread.call({ what: 'import', key: place, input: good });
    expect(answer).toMatchObject({ kind: 'taken', channels: 1 });
  }, 20_000);
});
