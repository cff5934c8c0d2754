// This file ends a worker thread once it has closed what it has open.
import type { Clock } from './clock.ts';

/** It is sent `end` and says `ended`; one that does not within `withinMs` is ended all the same. */
export function endThread(thread: Worker, clock: Clock, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      timer[Symbol.dispose]();
      thread.terminate();
      resolve();
    };
    const timer = clock.after(withinMs, done);
    thread.onmessage = ({ data }: MessageEvent<{ readonly type: string }>) => {
      if (data.type === 'ended') done();
    };
    thread.postMessage({ type: 'end' });
  });
}
