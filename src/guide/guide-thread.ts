// This file keeps the thread of the guides.
import { AskedThread, type AskedThreadOptions } from '../base/asked-thread.ts';
import { GuideError } from './errors.ts';
import type { GuideAnswers, GuideCall, GuideSettings } from './guide-messages.ts';

export type GuideThread = AskedThread<GuideSettings, GuideCall, GuideAnswers>;

export function createGuideThread(
  options: Omit<AskedThreadOptions<GuideSettings>, 'name' | 'gone'>,
): GuideThread {
  return new AskedThread({ ...options, name: 'the guides', isFrugal: true, gone });
}

function gone(reason: string): GuideError {
  return new GuideError('GUIDE_THREAD', `Cannot ask for guides: their thread is gone (${reason})`);
}
