// This file is the part of the schema that is accepted now, and acted on by later versions.
import type { Key } from './key.ts';

export const LATER_KEYS = [
  { path: 'cluster', kind: 'anything', later: true, means: 'The other nodes.' },
  { path: 'auth', kind: 'anything', later: true, means: 'Who may watch.' },
  { path: 'ingest', kind: 'anything', later: true, means: 'Who may publish, and how.' },
  { path: 'record', kind: 'anything', later: true, means: 'What is recorded.' },
] as const satisfies readonly Key[];
