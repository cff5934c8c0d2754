// This file is the entry of a thread that answers what a test asks, or fails, or dies.
import { answerCalls } from '../../src/base/answer-calls.ts';
import { AppError } from '../../src/base/errors.ts';

export type AskedCall =
  | { readonly what: 'add'; readonly number: number }
  | { readonly what: 'fail' }
  | { readonly what: 'hang' }
  /** Calls that hung until nobody waited for them any more. */
  | { readonly what: 'count given up' }
  /** Turns round and round, and hears nothing. */
  | { readonly what: 'spin' }
  | { readonly what: 'die' };

let givenUp = 0;

answerCalls<{ readonly to: number }, AskedCall>(({ to }) => ({
  async call(call, signal) {
    if (call.what === 'add') return to + call.number;
    if (call.what === 'fail') throw new AppError('TEST_FAILED', 'Cannot do it', { to });
    if (call.what === 'die') process.exit(1);
    if (call.what === 'count given up') return givenUp;
    if (call.what === 'spin') for (;;);
    return await new Promise(() => {
      signal.addEventListener('abort', () => givenUp++);
    });
  },
  async [Symbol.asyncDispose]() {},
}));
