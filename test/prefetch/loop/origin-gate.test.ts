// This file tests the limit of fetches at once to one origin, over all workers.
import { describe, expect, test } from 'bun:test';
import {
  clearGateRow,
  createGateTable,
  SharedOriginGate,
} from '../../../src/prefetch/loop/origin-gate.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';

const URL_A = 'http://a.example/1.ts';
const never = new AbortController().signal;

/** Enters, and says what came of it so far. */
function entering(gate: SharedOriginGate, url = URL_A, signal = never) {
  const state: { place?: Disposable | undefined; isDone: boolean } = { isDone: false };
  void gate.enter(url, signal).then((place) => {
    state.place = place;
    state.isDone = true;
  });
  return state;
}

function world(workers: number, limit: number) {
  const clock = new FakeClock();
  const table = createGateTable(workers);
  const gates = Array.from(
    { length: workers },
    (_, index) => new SharedOriginGate(table, index, limit, clock),
  );
  return {
    clock,
    table,
    gates: gates as [SharedOriginGate, SharedOriginGate, ...SharedOriginGate[]],
  };
}

describe('SharedOriginGate', () => {
  test('counts over two gates that share a table', async () => {
    const { clock, gates } = world(2, 2);
    const first = entering(gates[0]);
    const second = entering(gates[1]);
    const third = entering(gates[0]);
    const fourth = entering(gates[1]);
    await clock.advance(1000);
    expect([first, second, third, fourth].map((each) => each.isDone)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    first.place?.[Symbol.dispose]();
    await clock.advance(20);
    expect([third, fourth].filter((each) => each.isDone)).toHaveLength(1);
    second.place?.[Symbol.dispose]();
    await clock.advance(20);
    expect(third.isDone && fourth.isDone).toBe(true);
  });

  test('goes by origin: path and scheme of one host do not matter to another', async () => {
    const { clock, gates } = world(2, 1);
    const one = entering(gates[0], 'http://a.example/1.ts?x');
    const same = entering(gates[1], 'http://a.example/2.ts');
    const port = entering(gates[1], 'http://a.example:8080/1.ts');
    const other = entering(gates[1], 'http://b.example/1.ts');
    await clock.advance(100);
    expect([one, same, port, other].map((each) => each.isDone)).toEqual([true, false, true, true]);
  });

  test('frees a place once, however often it is let go', async () => {
    const { clock, gates } = world(2, 1);
    const first = entering(gates[0]);
    await settle();
    first.place?.[Symbol.dispose]();
    first.place?.[Symbol.dispose]();
    const [second, third] = [entering(gates[0]), entering(gates[1])];
    await clock.advance(1000);
    expect([second.isDone, third.isDone]).toEqual([true, false]);
  });

  test('gives up who is no longer waiting, and takes no place for it', async () => {
    const { clock, gates } = world(2, 1);
    const first = entering(gates[0]);
    const abort = new AbortController();
    const second = entering(gates[1], URL_A, abort.signal);
    await clock.advance(100);
    abort.abort();
    await settle();
    expect(second).toEqual({ place: undefined, isDone: true });
    expect(clock.pendingCount).toBe(0);
    first.place?.[Symbol.dispose]();
    const third = entering(gates[1]);
    await settle();
    expect(third.place).toBeDefined();
  });

  test('lets nobody in who is aborted beforehand', async () => {
    const { gates } = world(2, 1);
    expect(await gates[0].enter(URL_A, AbortSignal.abort())).toBeUndefined();
    expect(await gates[1].enter(URL_A, never)).toBeDefined();
  });

  test('the places of a worker that died are free once its row is cleared, those of others held', async () => {
    const { clock, table, gates } = world(3, 2);
    entering(gates[0]);
    entering(gates[1]);
    const third = gates[2] as SharedOriginGate;
    const waiting = [entering(third), entering(third)];
    await clock.advance(100);
    expect(waiting.filter((each) => each.isDone)).toHaveLength(0);
    clearGateRow(table, 0);
    await clock.advance(100);
    expect(waiting.filter((each) => each.isDone)).toHaveLength(1);
    clearGateRow(table, 1);
    await clock.advance(100);
    expect(waiting.filter((each) => each.isDone)).toHaveLength(2);
  });
});
