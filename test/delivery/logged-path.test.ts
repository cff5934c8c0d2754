// This file tests that no password of a user is in the log.
import { describe, expect, test } from 'bun:test';
import { createDoor } from '../../src/delivery/door.ts';
import { loggedPath } from '../../src/delivery/logged-path.ts';

describe('a password', () => {
  const paths: readonly (readonly [string, string])[] = [
    ['/live/u/secret/1.ts', '/live/***/***/1.ts'],
    ['/u/secret/1', '/***/***/1'],
    ['/movie/u/secret/12.mkv', '/movie/***/***/12.mkv'],
    ['/timeshift/u/secret/60/2026-01-01:20-00/1.ts', '/timeshift/***/***/60/2026-01-01:20-00/1.ts'],
    ['/live/news/v0/1-abc.ts', '/live/news/v0/1-abc.ts'],
    ['/player_api.php?password=secret', '/player_api.php'],
  ];
  test.each(paths)('is not in the log of %s', (path, logged) => {
    expect(loggedPath(`http://tv.example${path}`)).toBe(logged);
  });

  test('is not in what is logged of a mistake of ours', async () => {
    const lines: string[] = [];
    const log = { error: (...parts: unknown[]) => void lines.push(JSON.stringify(parts)) };
    const door = createDoor(
      () => {
        throw new Error('broken');
      },
      log as unknown as Parameters<typeof createDoor>[1],
    );
    const answer = await door(new Request('http://tv.example/live/u/secret/1.ts'));
    expect(answer.status).toBe(500);
    expect(lines.join()).toContain('***');
    expect(lines.join() + (await answer.text())).not.toContain('secret');
  });
});
