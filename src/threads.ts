// This file makes the URL of every worker entry.

// It must lie beside main.ts: in the compiled binary a URL is relative to the bundle's root, and
// only here is that the same folder as in the sources. Each entry also stands on the build line.
export const PREFETCH_WORKER = new URL('./prefetch/loop/worker.ts', import.meta.url);
export const CONFIG_WORKER = new URL('./config/load-worker.ts', import.meta.url);
export const CHECKPOINT_WORKER = new URL('./channel/checkpoint-worker.ts', import.meta.url);
export const TIER_WORKER = new URL('./ring/tiers/tier-worker.ts', import.meta.url);
export const GUIDE_WORKER = new URL('./guide/guide-worker.ts', import.meta.url);
export const IMPORT_WORKER = new URL('./guide/import-worker.ts', import.meta.url);
export const LINE_UP_WORKER = new URL('./lineup/import/line-up-worker.ts', import.meta.url);
