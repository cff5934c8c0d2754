// This file is `weir doctor`: it says what is here and what is missing on this machine.

import { ConfigError, formatProblem } from '../config/errors.ts';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import { EXIT, type ExitCode, type Given, isGiven, type Terminal } from './command-line.ts';
import { loadInput } from './config-flags.ts';
import { checkArchive } from './doctor-archive.ts';
import { checkMachine } from './doctor-machine.ts';
import { checkNetwork } from './doctor-network.ts';
import { checkStore } from './doctor-store.ts';
import { checkTiers } from './doctor-tiers.ts';
import type { Finding } from './finding.ts';

const MARKS = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' } as const;
const COLOURS = { ok: '\x1b[32m', warn: '\x1b[33m', fail: '\x1b[31m' } as const;

export async function runDoctor(given: Given, terminal: Terminal): Promise<ExitCode> {
  const findings = await diagnose(given, terminal);
  const isWell = findings.every(({ state }) => state !== 'fail');
  if (isGiven(given, '--json')) {
    terminal.out(`${JSON.stringify({ ok: isWell, findings })}\n`);
  } else {
    terminal.out(formatFindings(findings, terminal.isColoured));
  }
  return isWell ? EXIT.ok : EXIT.failed;
}

/** With a broken configuration the machine is looked at all the same, against the defaults. */
async function diagnose(given: Given, terminal: Terminal): Promise<Finding[]> {
  const input = loadInput(given, terminal);
  const { loaded, finding } = await loadConfig(input).then(
    (good) => ({ loaded: good, finding: goodConfig(good) }),
    async (error) => {
      if (!(error instanceof ConfigError)) throw error;
      const bare = { ...input, environment: {}, flags: new Map(), m3u: [] };
      const defaults = await loadConfig({ ...bare, noFile: true });
      return { loaded: defaults, finding: badConfig(error) };
    },
  );
  return [
    finding,
    ...(await checkMachine(loaded)),
    ...(await checkNetwork(loaded)),
    await checkStore(loaded.config),
    ...(await checkTiers(loaded.config)),
    ...(await checkArchive(loaded.config)),
  ];
}

function goodConfig(loaded: LoadedConfig): Finding {
  const from = loaded.file ?? 'no file, the defaults';
  return { state: 'ok', what: 'configuration', found: from };
}

function badConfig(error: ConfigError): Finding {
  const [first] = error.problems;
  const found = first === undefined ? error.message : formatProblem(first);
  return { state: 'fail', what: 'configuration', found, advice: 'weir check says all of it' };
}

export function formatFindings(findings: readonly Finding[], isColoured: boolean): string {
  const width = Math.max(...findings.map(({ what }) => what.length)) + 2;
  const rows = findings.map(({ state, what, found, advice }) => {
    const mark = isColoured ? `${COLOURS[state]}${MARKS[state]}\x1b[0m` : MARKS[state];
    const tail = advice === undefined ? '' : `\n${' '.repeat(6 + width)}→ ${advice}`;
    return `${mark}  ${what.padEnd(width)}${found}${tail}\n`;
  });
  const count = (state: Finding['state']) => findings.filter((each) => each.state === state).length;
  const sum = `${count('ok')} ok, ${count('warn')} to mind, ${count('fail')} failed\n`;
  return `${rows.join('')}\n${sum}`;
}
