// This file names the machine and the programs a measurement was made with.
import { readFileSync } from 'node:fs';
import { availableParallelism, release, totalmem } from 'node:os';

/** One core for what is measured, the others for what loads it. */
export type Cores = {
  readonly server: string;
  readonly load: string;
  readonly loadCount: number;
  /** For what has threads that work beside the one that serves. */
  readonly all: string;
};

export function cores(): Cores {
  return CORES;
}

/** As it was at the start: who moves to another core sees fewer, and so does all that it starts. */
const CORE_COUNT = availableParallelism();
const CORES: Cores =
  CORE_COUNT < 2
    ? { server: '0', load: '0', loadCount: 1, all: '0' }
    : {
        server: '0',
        load: CORE_COUNT === 2 ? '1' : `1-${CORE_COUNT - 1}`,
        loadCount: CORE_COUNT - 1,
        all: `0-${CORE_COUNT - 1}`,
      };

export function describeMachine(weir: string): string[] {
  const cpu = /^model name\s*:\s*(.+)$/m.exec(readFileSync('/proc/cpuinfo', 'latin1'))?.[1];
  const { server, load } = cores();
  return [
    `${new Date().toISOString().slice(0, 10)}, ${cpu ?? process.arch}, ${CORE_COUNT} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}`,
    `servers on core ${server}, load on core ${load}, over loopback`,
    `weir: ${weir}, Bun ${Bun.version}`,
    `${version(['nginx', '-v'])}; ${version(['varnishd', '-V'])}; ${version(['wrk', '-v'])}`,
  ];
}

function version(cmd: readonly [string, string]): string {
  if (Bun.which(cmd[0]) === null) return `${cmd[0]}: MISSING`;
  const { stdout, stderr } = Bun.spawnSync({ cmd: [...cmd] });
  const line = `${stdout}${stderr}`.trim().split('\n')[0] ?? '';
  return line
    .replace(/^nginx version: /, '')
    .replace(/ (revision|Copyright|\[).*$/, '')
    .replace(/^varnishd \(/, '');
}
