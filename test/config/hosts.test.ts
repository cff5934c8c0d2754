// This file tests that URLs of databases on several hosts are taken apart.
import { expect, test } from 'bun:test';
import { perHost } from '../../src/config/hosts.ts';

const rows: readonly (readonly [url: string, urls: readonly string[]])[] = [
  ['redis://h:1/0', ['redis://h:1/0']],
  ['redis+cluster://a,b:2', ['redis+cluster://a', 'redis+cluster://b:2']],
  [
    'rediss+sentinel://u:p%40@a,[::1]:3/m/1?sentinel_password=x,y',
    [
      'rediss+sentinel://u:p%40@a/m/1?sentinel_password=x,y',
      'rediss+sentinel://u:p%40@[::1]:3/m/1?sentinel_password=x,y',
    ],
  ],
  ['http://a,b/c', ['http://a,b/c']],
];

test('perHost() gives a URL for each host', () => {
  for (const [url, urls] of rows)
    expect({ url, urls: perHost(url) }).toEqual({ url, urls: [...urls] });
});
