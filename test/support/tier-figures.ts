// This file reads what a running weir says of its tiers.
import type { Weir } from './weir.ts';

async function metricLines(weir: Weir, name: string): Promise<string[]> {
  const answer = await fetch(weir.url('/metrics'));
  const lines = (await answer.text()).split('\n');
  return lines.filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
}

/** Of all series of this name that have this label. */
export async function tierSum(weir: Weir, name: string, label = ''): Promise<number> {
  const lines = (await metricLines(weir, name)).filter((line) => line.includes(label));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** Of its only tier. */
export async function tierState(weir: Weir): Promise<string | undefined> {
  const lines = await metricLines(weir, 'weir_tier_state');
  const now = lines.find((line) => line.endsWith(' 1'));
  return /state="([a-z]+)"/.exec(now ?? '')?.[1];
}

/** By the kind of each. */
export async function tierStates(weir: Weir): Promise<ReadonlyMap<string, string>> {
  const lines = await metricLines(weir, 'weir_tier_state');
  const now = lines.filter((line) => line.endsWith(' 1'));
  const word = (line: string, label: string) =>
    new RegExp(`${label}="([a-z]+)"`).exec(line)?.[1] ?? '';
  return new Map(now.map((line) => [word(line, 'tier'), word(line, 'state')]));
}
