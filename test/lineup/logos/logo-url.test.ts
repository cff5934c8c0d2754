// This file tests by which address players are told the picture of a channel.
import { describe, expect, test } from 'bun:test';
import { logoIdIn, logoUrlOf } from '../../../src/lineup/logos/logo-url.ts';

describe('logoUrlOf()', () => {
  const rows: readonly (readonly [string | undefined, string | undefined, string | undefined])[] = [
    [undefined, undefined, undefined],
    ['https://a.example/x.png', '/logo/news.png', 'https://a.example/x.png'],
    ['https://a.example/x.JPG?size=2', '/logo/news.jpg', 'https://a.example/x.JPG?size=2'],
    ['http://a.example/x.svg', '/logo/news.svg', 'http://a.example/x.svg'],
    ['http://a.example/x.php?f=x.gif', '/logo/news.png', 'http://a.example/x.php?f=x.gif'],
    ['http://a.example', '/logo/news.png', 'http://a.example'],
    ['data:image/svg+xml,<svg/>', '/logo/news.svg', undefined],
    ['data:image/png;base64,AAAA', '/logo/news.png', undefined],
    ['file:///srv/logos/news.webp', '/logo/news.webp', undefined],
  ];
  test.each(rows)('of %s', (logo, ours, theirs) => {
    const channel = { id: 'news', ...(logo === undefined ? {} : { logo }) };
    const served = logoUrlOf(channel, 'http://tv.example', 'serve');
    expect(served).toBe((ours && `http://tv.example${ours}`) as string);
    expect(logoUrlOf(channel, 'http://tv.example', 'link')).toBe(theirs as string);
    expect(logoUrlOf(channel, '', 'serve')).toBe(theirs as string);
    if (ours !== undefined) expect(logoIdIn(ours.slice('/logo/'.length))).toBe('news');
  });
});
