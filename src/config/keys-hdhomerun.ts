// This file is the part of the schema that makes weir look like HDHomeRun tuners.
import type { Key } from './key.ts';

export const HDHOMERUN_KEYS = [
  {
    path: 'hdhomerun',
    kind: 'list',
    single: true,
    maxCount: 16,
    restart: true,
    example: '[{ id: living, tuners: 4 }]',
    means:
      'Tuners that Plex, Jellyfin, Emby and Kodi know how to use; the first is at the root too.',
  },
  { path: 'hdhomerun[]', kind: 'section', shorthand: 'id', means: 'One device.' },
  {
    path: 'hdhomerun[].id',
    kind: 'text',
    required: true,
    pattern: /^[a-z0-9_-]{1,64}$/,
    words: '1 to 64 of a-z, 0-9, _ and -',
    example: 'living',
    means: 'Name in its address `/hdhr/{id}`; its device id follows from it, so it is permanent.',
  },
  {
    path: 'hdhomerun[].name',
    kind: 'text',
    max: '64',
    example: 'Our TV',
    means: 'Name shown to people; `weir` and the id where absent.',
  },
  {
    path: 'hdhomerun[].tuners',
    kind: 'whole',
    default: '4',
    min: '1',
    max: '255', // the announcement has one byte for it
    means: 'How many may watch at once.',
  },
  {
    path: 'hdhomerun[].group',
    kind: 'list',
    single: true,
    maxCount: 1000,
    example: '[News, Sport]',
    means: 'Groups of the line-up it has; all where absent.',
  },
  { path: 'hdhomerun[].group[]', kind: 'text', max: '200', means: 'One group.' },
  {
    path: 'hdhomerun[].discovery',
    kind: 'flag',
    default: 'false',
    means: 'Answer those who look for devices on the local network, by UDP at port 65001.',
  },
] as const satisfies readonly Key[];
