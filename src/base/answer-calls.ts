// This file answers, in a thread of its own, what an AskedThread asks.

import type { FromAsked, ToAsked } from './asked-thread.ts';
import { assert, assertNever } from './assert.ts';
import { errorRecord } from './errors.ts';

export interface Desk<Call> extends AsyncDisposable {
  /** `signal`: nobody waits for it any more. */
  call(call: Call, signal: AbortSignal): Promise<unknown>;
}

/** Called once by the entry of the thread; calls run side by side. */
export function answerCalls<Settings, Call>(open: (settings: Settings) => Desk<Call>): void {
  const thread = globalThis as unknown as Worker;
  const post = (message: FromAsked): void => thread.postMessage(message);
  const running = new Map<number, AbortController>();
  let desk: Desk<Call> | undefined;

  const answer = async (id: number, call: Call): Promise<void> => {
    const given = new AbortController();
    running.set(id, given);
    try {
      assert(desk !== undefined, 'settings come before calls');
      post({ type: 'answer', id, value: await desk.call(call, given.signal) });
    } catch (error) {
      post({ type: 'failure', id, error: errorRecord(error) });
    } finally {
      running.delete(id);
    }
  };
  const end = async (): Promise<void> => {
    await desk?.[Symbol.asyncDispose]();
    post({ type: 'ended' });
  };

  thread.onmessage = ({ data }: MessageEvent<ToAsked<Settings, Call>>) => {
    switch (data.type) {
      case 'settings':
        desk = open(data.settings);
        break;
      case 'call':
        void answer(data.id, data.call);
        break;
      case 'abort':
        running.get(data.id)?.abort();
        break;
      case 'ping':
        post({ type: 'pong' });
        break;
      case 'end':
        void end();
        break;
      default:
        assertNever(data);
    }
  };
}
