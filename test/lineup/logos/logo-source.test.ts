// This file tests where the picture of a channel may come from.
import { describe, expect, test } from 'bun:test';
import { logoSourceOf } from '../../../src/lineup/logos/logo-source.ts';

describe('logoSourceOf()', () => {
  test('an address is fetched, a file is read', () => {
    expect(logoSourceOf('HTTPS://a/x.png')).toEqual({ kind: 'remote', url: 'HTTPS://a/x.png' });
    expect(logoSourceOf('file:///a%20b/x.png')).toEqual({ kind: 'file', path: '/a b/x.png' });
  });

  const inline: readonly (readonly [string, string | undefined])[] = [
    ['data:image/png;base64,aGk=', 'hi'],
    ['data:image/png;base64,aGk', 'hi'],
    ['data:image/png;name=x;base64,a%47k%3D', 'hi'],
    ['data:,h%69', 'hi'],
    ['data:image/png;base64,%%%', undefined],
    ['data:image/png;base64,ä', undefined],
    ['data:,%ff%', undefined],
    ['data:image/png;base64', undefined],
    [`data:,${'x'.repeat(70_000)}`, undefined],
  ];
  test.each(inline)('%p holds %p', (logo, text) => {
    const source = logoSourceOf(logo);
    const bytes = source?.kind === 'inline' ? source.bytes : undefined;
    expect(bytes && new TextDecoder().decode(bytes)).toBe(text as string);
  });

  test.each(['', 'x.png', '/etc/passwd', 'ftp://a/x.png', 'javascript:x', 'file://host/x'])(
    '%p is none',
    (logo) => expect(logoSourceOf(logo)).toBeUndefined(),
  );
});
