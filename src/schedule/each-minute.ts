// This file runs work every minute.
import { cron } from '@elysiajs/cron';
import { Elysia } from 'elysia';

/** Runs until it is disposed; what it finds to do it may find late, and once. */
export function eachMinute(name: string, run: () => void): Disposable {
  const app = new Elysia().use(cron({ name, pattern: '* * * * *', run, unref: true }));
  return { [Symbol.dispose]: () => app.store.cron[name]?.stop() };
}
