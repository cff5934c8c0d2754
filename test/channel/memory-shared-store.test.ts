// This file holds the store that tests use to what the real ones do.
import { MemorySharedStore } from '../support/memory-shared-store.ts';
import { describeSharedStore } from './shared-contract.ts';

describeSharedStore('MemorySharedStore', async () => {
  const common = new MemorySharedStore();
  return { open: async () => common.beside(), [Symbol.asyncDispose]: async () => {} };
});
