// This file runs work once a day, at a time of the operator's clock.
import { cron } from '@elysiajs/cron';
import { Elysia } from 'elysia';

/** Minutes after midnight, in the zone of the process. */
export type DayTime = number;

/** Runs until it is disposed; days on which that hour is skipped run it with the next. */
export function daily(name: string, at: DayTime, run: () => void): Disposable {
  const pattern = `${at % 60} ${Math.floor(at / 60)} * * *`;
  const app = new Elysia().use(cron({ name, pattern, run, unref: true }));
  return { [Symbol.dispose]: () => app.store.cron[name]?.stop() };
}
