// This file asks servers that are well, unwell and absent through `weir healthcheck`.
import { expect, test } from 'bun:test';
import { runWeir } from '../support/weir.ts';

async function ask(port: number): Promise<number | null> {
  return (await runWeir(['healthcheck', '--listen', `127.0.0.1:${port}`])).code;
}

test('healthcheck says what /readyz says', async () => {
  const rows = [
    [200, 0],
    [503, 1],
  ] as const;
  for (const [status, code] of rows) {
    const paths: string[] = [];
    await using server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: (request) => {
        paths.push(new URL(request.url).pathname);
        return new Response('words', { status });
      },
    });
    expect({ status, code: await ask(server.port as number) }).toEqual({ status, code });
    expect(paths).toEqual(['/readyz']);
  }
});

test('healthcheck fails where nothing listens', async () => {
  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response() });
  const port = server.port as number;
  await server.stop(true);
  expect(await ask(port)).toBe(1);
});
