// This file loads a URL with wrk and reads what it says.
import { cores } from './machine.ts';

export type Load = {
  readonly requests: number;
  readonly perSecond: number;
  readonly failed: number;
};

/** Errors as it is: an answer that was none would make a server fast. */
export function parseWrk(text: string): Load {
  const number = (pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? Number.NaN);
  const requests = number(/^\s*(\d+) requests in/m);
  const perSecond = number(/^Requests\/sec:\s*([\d.]+)/m);
  if (Number.isNaN(requests) || Number.isNaN(perSecond)) {
    throw new Error(`Cannot read what wrk says: ${text.slice(0, 400)}`);
  }
  const sockets = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text);
  const broken = (sockets ?? []).slice(1).reduce((sum, part) => sum + Number(part), 0);
  const refused = number(/Non-2xx or 3xx responses: (\d+)/);
  return { requests, perSecond, failed: broken + (Number.isNaN(refused) ? 0 : refused) };
}

export async function runWrk(url: string, connections: number, seconds: number): Promise<Load> {
  const { load, loadCount } = cores();
  const threads = Math.min(loadCount, 4);
  const flags = [`-t${threads}`, `-c${connections}`, `-d${seconds}s`, '--timeout', '10s'];
  const child = Bun.spawn({
    cmd: ['taskset', '-c', load, 'wrk', ...flags, url],
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
    timeout: (seconds + 30) * 1000,
  });
  const text = await new Response(child.stdout).text();
  await child.exited;
  return parseWrk(text);
}
