// This file is the part of the schema that is accepted now, and acted on by later versions.
import type { Key } from './key.ts';

export const LATER_KEYS = [
  {
    path: 'lineups',
    kind: 'list',
    maxCount: 256,
    later: true,
    means: 'Line-ups of others whose entries become channels.',
  },
  { path: 'lineups[]', kind: 'section', shorthand: 'url', later: true, means: 'One line-up.' },
  {
    path: 'lineups[].url',
    kind: 'url',
    schemes: ['http', 'https'],
    required: true,
    later: true,
    example: 'https://provider.example.com/list.m3u',
    means: 'Where it is.',
  },
  {
    path: 'lineups[].refresh',
    kind: 'duration',
    default: '6h',
    min: '1m',
    max: '30d',
    later: true,
    means: 'How often it is read again.',
  },
  {
    path: 'lineups[].include',
    kind: 'section',
    later: true,
    example: '{ group: [News, Sport] }',
    means: 'Which of its entries to take; all where absent.',
  },
  {
    path: 'lineups[].include.group',
    kind: 'list',
    single: true,
    maxCount: 1000,
    later: true,
    means: 'Groups to take.',
  },
  { path: 'lineups[].include.group[]', kind: 'text', max: '200', later: true, means: 'One group.' },
  { path: 'cluster', kind: 'anything', later: true, means: 'The other nodes.' },
  { path: 'auth', kind: 'anything', later: true, means: 'Who may watch.' },
  { path: 'ingest', kind: 'anything', later: true, means: 'Who may publish, and how.' },
  { path: 'record', kind: 'anything', later: true, means: 'What is recorded.' },
] as const satisfies readonly Key[];
