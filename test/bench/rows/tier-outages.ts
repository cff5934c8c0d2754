// This file measures what viewers of what is in memory notice while a place beyond memory fails.
import { programPath } from '../../support/program-path.ts';
import type { Bench } from '../contest.ts';
import { type Figure, median, milliseconds, quantile, verdict } from '../figure.ts';
import { beside } from '../other-work.ts';
import { CHANNELS, KINDS, Outage, PER_SECOND, SEGMENT_MS, STATES, type State } from './outage.ts';
import { ENGINES, type Engine } from './outage-engines.ts';

const MORE_THAN_BEFORE = 1.2;
const FAULTS = ['killed', '2 s slow', 'back'] as const satisfies readonly State[];
/** Many short times in turn, so that whatever else the machine does meets all states alike. */
const WINDOW_MS = 3000;
/** Of one processor: with more of it used by others a window says more of them than of us. */
const OTHERS_MAX = 0.15;
/** Of each state; with fewer nothing is decided. */
const WINDOWS_MIN = 3;
/** Of each state: the 99th percentile then stands on five values at least. */
const ANSWERS_MIN = 500;
/** All three engines with their starts: six minutes. */
const ENGINE_MS = 105_000;

type Window = Awaited<ReturnType<Outage['load']>> & { readonly othersShare: number };
type Windows = ReadonlyMap<State, Window[]>;

export async function tierOutageFigures(bench: Bench): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const engine of bench.isQuick ? ENGINES.slice(0, 1) : ENGINES) {
    if (programPath(engine.program) === undefined) figures.push(...missing(engine));
    else figures.push(...(await engineFigures(bench, engine)));
  }
  return figures;
}

function rowsOf({ name }: Engine): readonly Pick<Figure, 'what' | 'target'>[] {
  const target = `≤ ${MORE_THAN_BEFORE} × that before`;
  const fails = `while ${name} dies, dawdles and is back`;
  return [
    ...KINDS.map((kind) => ({ what: `p99 of a ${kind} in memory ${fails}`, target })),
    { what: `processor time of the serving thread ${fails}`, target },
  ];
}

function missing(engine: Engine): Figure[] {
  const note = `no ${engine.program}`;
  return rowsOf(engine).map((row) => ({ ...row, weir: 'MISSING', verdict: 'not measured', note }));
}

async function engineFigures(bench: Bench, engine: Engine): Promise<Figure[]> {
  bench.say(engine.name);
  await using outage = await Outage.start(bench, engine);
  const windows = await measure(bench, engine, outage);
  const puts = await outage.puts();
  const how = `open loop from processes of their own, ${PER_SECOND.playlist} playlists and ${PER_SECOND.segment} segments a second of ${CHANNELS} channels, each with 1.5 MB for ${engine.name} every ${SEGMENT_MS / 1000} s (${puts} were put); states in turn, each ${WINDOW_MS / 1000} s and begun by the change`;
  const rows = rowsOf(engine);
  return rows.map((row, index) => ({
    ...row,
    ...(index < KINDS.length ? waits(index, windows, how) : serving(windows, how)),
  }));
}

/** Rounds until the time is over; a quick one only shows that all works. */
async function measure({ isQuick, say }: Bench, { name }: Engine, outage: Outage) {
  const windows = new Map<State, Window[]>(STATES.map((state) => [state, []]));
  const endMs = performance.now() + (isQuick ? 0 : ENGINE_MS);
  let round = 0;
  do {
    round++;
    for (const state of STATES) {
      await outage.enter(state);
      const window = await beside(() => outage.load(isQuick ? WINDOW_MS / 2 : WINDOW_MS));
      windows.get(state)?.push(window);
      const p99s = window.loads.map(({ waitsMs }) => milliseconds(quantile(waitsMs, 0.99)));
      const others = `others used ${Math.round(window.othersShare * 100)} %`;
      const used = `serving thread ${Math.round(window.servingMs)} ms/s`;
      say(`${name} ${state}, round ${round}: ${p99s.join(' and ')}; ${used}; ${others}`);
    }
  } while (performance.now() < endMs);
  return windows;
}

type Said = Pick<Figure, 'weir' | 'verdict' | 'note'>;

/** Of all quiet windows of a state together: one p99 of many answers, not a median of p99s of few. */
function waits(kind: number, windows: Windows, how: string): Said {
  const quiet = (state: State) =>
    (windows.get(state) ?? []).filter(({ othersShare }) => othersShare <= OTHERS_MAX);
  const pooled = (states: readonly State[]) =>
    states.flatMap(quiet).flatMap(({ loads }) => loads[kind]?.waitsMs ?? []);
  const p99 = (...states: State[]) => quantile(pooled(states), 0.99);
  const floor = apart(p99('the same again'), p99('as it should be'));
  const before = p99('as it should be', 'the same again');
  const factors = FAULTS.map((state) => p99(state) / before);
  const count = Math.min(...STATES.map((state) => quiet(state).length));
  const answers = Math.min(...STATES.map((state) => pooled([state]).length));
  const isDecided = floor < MORE_THAN_BEFORE && count >= WINDOWS_MIN && answers >= ANSWERS_MIN;
  const all = STATES.flatMap((state) => windows.get(state) ?? []);
  const late = milliseconds(median(all.map(({ loads }) => loads[kind]?.lateMs ?? Number.NaN)));
  const each = STATES.map((state) => `${state} ${milliseconds(p99(state))}`);
  const decided = `${isDecided ? 'decided' : 'NOT decided'}: noise floor ${floor.toFixed(2)} × (wanted < ${MORE_THAN_BEFORE}), ${count} quiet windows (${WINDOWS_MIN}) and ${answers} answers (${ANSWERS_MIN}) of each state at least`;
  const left = `windows in which others used more than ${OTHERS_MAX * 100} % of a processor are left out, and quarters of a second that were stolen from the machine`;
  return {
    weir: said(factors),
    verdict: isDecided
      ? verdict(factors.every((each) => each <= MORE_THAN_BEFORE))
      : 'not measured',
    note: `${decided}; p99 of all answers of a state together: ${each.join(', ')}; the noise floor is what lies between the first two, where nothing changed; ${left}; p99 of the load's own lateness ${late}; ${how}`,
  };
}

/** What others do on the machine does not show in it: it decides where the waits do not. */
function serving(windows: Windows, how: string): Said {
  const of = (state: State) => (windows.get(state) ?? []).map(({ servingMs }) => servingMs);
  const before = median([...of('as it should be'), ...of('the same again')]);
  const factors = FAULTS.map((state) => median(of(state)) / before);
  const floor = apart(median(of('the same again')), median(of('as it should be')));
  const isDecided = floor < MORE_THAN_BEFORE;
  const each = STATES.map((state) => `${state} ${spread(of(state))}`);
  return {
    weir: said(factors),
    verdict: isDecided
      ? verdict(factors.every((each) => each <= MORE_THAN_BEFORE))
      : 'not measured',
    note: `${isDecided ? 'decided' : 'NOT decided'}: noise floor ${floor.toFixed(2)} ×; in each second, under the same load; ${each.join(', ')}; median [middle half] of ${of('back').length} times of each; ${how}`,
  };
}

/** By how much two differ, whichever is more. */
function apart(a: number, b: number): number {
  return Math.max(a / b, b / a);
}

function said(factors: readonly number[]): string {
  if (factors.some(Number.isNaN)) return 'the machine had other work';
  return FAULTS.map((state, index) => `${factors[index]?.toFixed(2)} × ${state}`).join(', ');
}

function spread(values: readonly number[]): string {
  const at = (q: number) => quantile(values, q).toFixed(2);
  return `${milliseconds(median(values))} [${at(0.25)} to ${at(0.75)}]`;
}
