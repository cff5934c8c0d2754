// This file is the entry of a thread that answers what a test asks, or fails, or dies.
import { answerCalls } from '../../src/base/answer-calls.ts';
import { AppError } from '../../src/base/errors.ts';

export type AskedCall =
  | { readonly what: 'add'; readonly number: number }
  | { readonly what: 'fail' }
  | { readonly what: 'hang' }
  | { readonly what: 'die' };

answerCalls<{ readonly to: number }, AskedCall>(({ to }) => ({
  async call(call) {
    if (call.what === 'add') return to + call.number;
    if (call.what === 'fail') throw new AppError('TEST_FAILED', 'Cannot do it', { to });
    if (call.what === 'die') process.exit(1);
    return await new Promise(() => {});
  },
  async [Symbol.asyncDispose]() {},
}));
