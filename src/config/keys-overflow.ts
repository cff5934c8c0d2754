// This file is the part of the schema that says where segments are kept beyond memory.
import type { Key } from './key.ts';

export const OVERFLOW_KEYS = [
  {
    path: 'overflow',
    kind: 'list',
    single: true,
    maxCount: 8,
    example: '[{ disk: { path: ./data/segments, size: 20GiB } }]',
    restart: true,
    means: 'Where segments are kept beyond memory, in the order in which they are looked for.',
  },
  {
    path: 'overflow[]',
    kind: 'section',
    shorthand: 'url',
    means: 'One place: a `disk`, or the URL of a database.',
  },
  {
    path: 'overflow[].url',
    kind: 'url',
    schemes: [
      ...['redis', 'rediss', 'redis+sentinel', 'rediss+sentinel', 'redis+cluster'],
      ...['rediss+cluster', 'postgres', 'postgresql', 'mysql', 'mariadb'],
    ],
    example: 'redis://127.0.0.1:6379/0',
    means: 'Redis, Postgres or MySQL; weirs that name the same one share it.',
  },
  {
    path: 'overflow[].size',
    kind: 'size',
    min: '64MiB',
    max: '1024TiB',
    example: '4GiB',
    means: 'The most that we may hold in a database; as much as it takes where absent.',
  },
  {
    path: 'overflow[].age',
    kind: 'duration',
    default: '1h',
    min: '1m',
    max: '3650d',
    means: 'How long a segment is held there.',
  },
  { path: 'overflow[].disk', kind: 'section', means: 'A folder, for this weir alone.' },
  {
    path: 'overflow[].disk.path',
    kind: 'path',
    required: true,
    example: './data/segments',
    means: 'The folder.',
  },
  {
    path: 'overflow[].disk.size',
    kind: 'size',
    required: true,
    min: '64MiB',
    max: '1024TiB',
    example: '20GiB',
    means: 'The most it may hold.',
  },
] as const satisfies readonly Key[];
