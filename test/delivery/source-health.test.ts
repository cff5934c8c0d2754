// This file holds the shape in which the health of sources is told: API and metrics.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import type { ChannelConfig } from '../../src/config/config.ts';
import { createInProcessApp, type InProcessApp, urlChannel } from '../support/in-process-app.ts';

const LIST = '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n1.ts\n';
const urlOf = (host: string) => `http://${host}.example/l.m3u8`;

let app: InProcessApp;

/** The first source is refused, the second plays, the third was never needed. */
beforeEach(async () => {
  const configs = ['a', 'b', 'c'].map((host) =>
    urlChannel('news', urlOf(host), host === 'b' ? { provider: 'acme' } : {}),
  );
  const [config] = configs as [ChannelConfig];
  const sources = configs.flatMap((each) => each.sources);
  const slate = { kind: 'loop', files: 'card' } as const;
  app = createInProcessApp([{ ...config, sources, slate }], {
    [urlOf('a')]: { status: 403 },
    [urlOf('b')]: { body: LIST },
  });
  app.leases.limits = new Map([['acme', 2]]);
  await app.ask('/live/news/index.m3u8');
  await app.ask('/live/news/main/index.m3u8');
  await app.clock.advance(1000);
});

afterEach(() => app[Symbol.dispose]());

describe('how a source does', () => {
  test('stands in the API: last good media, error, cool-down left and score', async () => {
    const channel = (await (await app.ask('/api/channels/news')).json()) as {
      sources: Record<string, unknown>[];
    };
    const coolDownLeftMs = channel.sources[0]?.['coolDownLeftMs'] as number;
    expect(coolDownLeftMs).toBeGreaterThan(0);
    expect(coolDownLeftMs).toBeLessThanOrEqual(4000);
    const fresh = { state: 'untried', score: 1, failures: 0, coolDownLeftMs: 0 };
    expect(channel.sources).toEqual([
      {
        source: 0,
        kind: 'url',
        active: false,
        state: 'cooling',
        score: 0.6,
        failures: 1,
        coolDownLeftMs,
        error: { code: 'SOURCE_STATUS', message: 'the source answers 403 (SOURCE_STATUS)' },
      },
      {
        source: 1,
        kind: 'url',
        provider: 'acme',
        active: true,
        state: 'good',
        score: 1,
        failures: 0,
        goodAgoMs: 1000,
        coolDownLeftMs: 0,
      },
      { source: 2, kind: 'url', active: false, ...fresh },
      { source: 3, kind: 'slate', active: false, ...fresh },
    ]);
  });

  test('stands in the metrics, under these names and labels', async () => {
    const lines = (await (await app.ask('/metrics')).text()).split('\n');
    const about = (name: string) => lines.filter((line) => line.startsWith(name));
    const shapes = [...about('weir_source_'), ...about('weir_provider_')].map((line) =>
      line.replace(/ [\d.]+$/, ''),
    );
    const of = (name: string, labels: readonly string[]) =>
      labels.map((label) => `${name}{${label}}`);
    const each = [0, 1, 2, 3].map((source) => `channel="news",source="${source}"`);
    expect(shapes).toEqual([
      ...of(
        'weir_source_score',
        each.map((label, source) => `${label},active="${source === 1}"`),
      ),
      ...of('weir_source_media_age_seconds', each.slice(1, 2)),
      ...of('weir_source_cool_down_seconds', each),
      ...of('weir_provider_connections', ['provider="acme"']),
      ...of('weir_provider_connections_max', ['provider="acme"']),
      ...of('weir_provider_waiting', ['provider="acme"']),
      ...of('weir_provider_passed_total', ['provider="acme"']),
    ]);
    expect(lines).toContain('weir_source_score{channel="news",source="0",active="false"} 0.6');
    expect(lines).toContain('weir_source_media_age_seconds{channel="news",source="1"} 1');
    expect(lines).toContain('weir_provider_connections{provider="acme"} 1');
    for (const [name, type] of [
      ['weir_source_score', 'gauge'],
      ['weir_source_media_age_seconds', 'gauge'],
      ['weir_source_cool_down_seconds', 'gauge'],
      ['weir_provider_connections', 'gauge'],
      ['weir_provider_connections_max', 'gauge'],
      ['weir_provider_waiting', 'gauge'],
      ['weir_provider_passed_total', 'counter'],
    ]) {
      expect(lines).toContain(`# TYPE ${name} ${type}`);
    }
  });
});
