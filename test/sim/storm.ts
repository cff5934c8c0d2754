// This file draws what happens to a simulated world while it is stormy.
import type { Dice } from './dice.ts';
import type { Server } from './server.ts';
import type { Upstream } from './upstream.ts';
import { BODY_FAULTS, LIST_FAULTS, type Spell } from './weather.ts';
import type { Kind } from './world-options.ts';

export type Happening = { readonly atMs: number; readonly name: string; readonly run: () => void };

export type StormTargets = {
  readonly upstream: Upstream;
  readonly server: () => Server;
  readonly crash: () => void;
  readonly restart: (how: 'stop' | 'kill' | 'power cut') => void;
  readonly kind: Kind;
};

const OUTAGES = ['5xx', '404', 'refused', 'no head', 'frozen copy', 'no segments'] as const;

export function drawSpells(
  dice: Dice,
  fromMs: number,
  lastsMs: number,
  upstream: Upstream,
): Spell[] {
  const { renditions } = upstream.options;
  return Array.from({ length: dice.whole(0, 5) }, () => {
    const startMs = dice.chance(0.3) ? 0 : fromMs + dice.between(0, lastsMs);
    const on = dice.pick(['bodies', 'lists'] as const);
    return {
      on,
      fault: on === 'bodies' ? dice.pick(BODY_FAULTS) : dice.pick(LIST_FAULTS),
      fromMs: startMs,
      toMs: Math.min(fromMs + lastsMs, startMs + dice.pick([500, 3000, 10_000, 30_000])),
      probability: dice.pick([1, 0.5, 0.2]),
      rendition: dice.chance(0.3) ? dice.pick(renditions) : undefined,
    };
  });
}

/** What makes weir leave a source: nothing at all comes of it for a while. */
export function drawOutages(dice: Dice, fromMs: number, lastsMs: number): Spell[] {
  return Array.from({ length: dice.whole(0, 2) }, () => {
    const on = dice.pick(['bodies', 'lists', 'lists'] as const);
    const startMs = fromMs + dice.between(0, lastsMs);
    return {
      on,
      fault: dice.pick(on === 'bodies' ? (['5xx', 'no head'] as const) : OUTAGES),
      fromMs: startMs,
      toMs: Math.min(fromMs + lastsMs, startMs + dice.between(4000, 30_000)),
      probability: 1,
      rendition: undefined,
    };
  });
}

/** Nothing comes of any source for a while, and there is nowhere to go but to the slate. */
export function drawBlackout(dice: Dice, fromMs: number, lastsMs: number): Spell {
  const startMs = fromMs + dice.between(0, lastsMs / 2);
  return {
    on: 'lists',
    fault: dice.pick(['5xx', '404', 'refused', 'no head'] as const),
    fromMs: startMs,
    toMs: Math.min(fromMs + lastsMs, startMs + dice.between(15_000, 40_000)),
    probability: 1,
    rendition: undefined,
  };
}

export function drawHappenings(
  dice: Dice,
  fromMs: number,
  lastsMs: number,
  targets: StormTargets,
): Happening[] {
  const upstream = upstreamHappenings(dice, targets);
  const own = weirHappenings(targets);
  return Array.from({ length: dice.whole(0, 6) }, () => {
    const [name, run] = dice.pick(dice.chance(0.6) ? upstream : own);
    return { atMs: fromMs + dice.between(0, lastsMs), name, run };
  }).sort((a, b) => a.atMs - b.atMs);
}

type Named = readonly [string, () => void];

function upstreamHappenings(dice: Dice, { upstream, kind }: StormTargets): Named[] {
  const { encoder, options } = upstream;
  const pause: Named[] = [
    ['encoder pauses', () => encoder.pause()],
    ['encoder goes on', () => encoder.resume()],
  ];
  const { firstSequence } = options;
  if (kind === 'finished') return [['nothing', () => {}]];
  if (kind === 'computed') {
    return [
      ...pause,
      ['encoder restarts', () => upstream.restart(firstSequence, false)],
      ['encoder slows down', () => upstream.setDuration(options.durationMs * 1.02)],
      ['encoder speeds up', () => upstream.setDuration(options.durationMs * 0.98)],
    ];
  }
  return [
    ...pause,
    ['encoder cuts', () => encoder.cut()],
    ['encoder loses one', () => encoder.lose()],
    ['restart at 0', () => upstream.restart(0, true)],
    ['restart at 0, old names', () => upstream.restart(0, false)],
    ['restart lower', () => upstream.restart(Math.max(0, encoder.newest.sequence - 5), true)],
    ['restart at the same', () => upstream.restart(encoder.newest.sequence + 1, true)],
    ['restart higher', () => upstream.restart(encoder.newest.sequence + dice.whole(5, 5000), true)],
    ['segments get longer', () => upstream.setDuration(options.durationMs * 2)],
    ['segments get shorter', () => upstream.setDuration(options.durationMs)],
    ['upstream ends', () => upstream.end()],
  ];
}

function weirHappenings({ server, restart, crash }: StormTargets): Named[] {
  const dies: Named = ['a thread crashes', crash];
  return [
    dies,
    dies,
    dies,
    ['the clock of weir steps back', () => server().clock.stepWall(-3_600_000)],
    ['the clock of weir steps on', () => server().clock.stepWall(3_600_000)],
    ['weir is stopped', () => restart('stop')],
    ['weir is killed', () => restart('kill')],
    ['power is cut', () => restart('power cut')],
  ];
}
