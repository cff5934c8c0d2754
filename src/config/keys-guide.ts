// This file is the part of the schema that says where guides come from.
import type { Key } from './key.ts';

export const GUIDE_KEYS = [
  {
    path: 'guides',
    kind: 'list',
    single: true,
    maxCount: 64,
    restart: true,
    example: '[https://guide.example.com/all.xml.gz]',
    means: 'XMLTV guides; of a channel and day the first that has anything is taken.',
  },
  {
    path: 'guides[]',
    kind: 'section',
    shorthand: 'url',
    means: 'One guide: a `url` or a `path`; plain, gzip or xz.',
  },
  {
    path: 'guides[].url',
    kind: 'url',
    schemes: ['http', 'https'],
    example: 'https://guide.example.com/all.xml.gz',
    means: 'Where it is.',
  },
  { path: 'guides[].path', kind: 'path', example: './guide.xml', means: 'A file instead.' },
  {
    path: 'guides[].at',
    kind: 'day-time',
    default: '04:00',
    means: 'When it is read again each day, in the time zone of the process.',
  },
  {
    path: 'guides[].user_agent',
    kind: 'header-value',
    example: 'VLC/3.0.20',
    means: 'User agent it is asked for with.',
  },
] as const satisfies readonly Key[];
