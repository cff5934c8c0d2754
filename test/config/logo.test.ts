// This file tests what a configuration may say of the picture of a channel.
import { describe, expect, test } from 'bun:test';
import { pathToFileURL } from 'node:url';
import { type LoadedConfig, loadConfig } from '../../src/config/load.ts';
import { createTempFolder } from '../support/temp-folder.ts';

async function load(text: string): Promise<LoadedConfig & { readonly folder: string }> {
  await using folder = await createTempFolder();
  await folder.write('weir.yaml', text);
  const input = { workingDir: folder.path, environment: {}, flags: new Map(), m3u: [] };
  return { ...(await loadConfig(input)), folder: folder.path };
}

const withLogo = (logo: string) =>
  `channels: [{ id: a, logo: ${JSON.stringify(logo)}, sources: http://h.example/a.m3u8 }]`;

describe('channels[].logo', () => {
  const DATA = 'data:image/png;base64,iVBORw0KGgo=';
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['https://h.example/a b.png'.replace(' ', '%20'), undefined],
    [DATA, undefined],
    ['data:image/svg+xml;charset=utf-8,%3Csvg%20/%3E', undefined],
    ['./logos/a b.png', 'logos/a b.png'],
    ['logos/a#1.png', 'logos/a#1.png'],
  ];
  test.each(rows)('%p is taken', async (logo, path) => {
    const { config, folder } = await load(withLogo(logo));
    const wanted = path === undefined ? logo : pathToFileURL(`${folder}/${path}`).href;
    expect(config.channels[0]?.logo).toBe(wanted);
  });

  const refused = [
    'ftp://h.example/a.png',
    'javascript://x',
    'http://',
    'data:text/html,<b>',
    'data:image/png;base64,a b',
    `data:image/png;base64,${'A'.repeat(70_000)}`,
    'a\nb.png',
    ' ',
  ];
  test.each(refused)('%p is not', async (logo) => {
    await expect(load(withLogo(logo))).rejects.toThrow(/logo/);
  });
});

describe('logos', () => {
  test.each(['serve', 'link'] as const)('%s', async (logos) => {
    expect((await load(`logos: ${logos}\nchannels: []`)).config.logos).toBe(logos);
  });

  test('nothing else, and a running server takes it up', async () => {
    await expect(load('logos: embed')).rejects.toThrow(/serve, link/);
    const { settings } = await load('channels: []');
    expect(settings.find(({ key }) => key === 'logos')).toMatchObject({
      shown: 'serve',
      needsRestart: false,
    });
  });
});
