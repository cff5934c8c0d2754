// This file is the part of the schema that says how far back viewers can go.
import type { Key } from './key.ts';

export const ARCHIVE_KEYS = [
  { path: 'archive', kind: 'section', means: 'What the archives of all channels may hold.' },
  {
    path: 'archive.size',
    kind: 'size',
    min: '64MiB',
    max: '1024TiB',
    example: '500GiB',
    means:
      'The most they may hold together; the oldest goes first. As much as it takes where absent.',
  },
  {
    path: 'archive.pad_before',
    kind: 'duration',
    default: '1m',
    min: '0s',
    max: '1h',
    means: 'How much earlier a programme of the guide begins when it is had from the archive.',
  },
  {
    path: 'archive.pad_after',
    kind: 'duration',
    default: '5m',
    min: '0s',
    max: '1h',
    means: 'How much later it ends: broadcasters are late more often than early.',
  },
  {
    path: 'channels[].archive',
    kind: 'section',
    shorthand: 'keep',
    example: '{ keep: 24h, size: 50GiB }',
    means: 'Keeps what was shown, so that viewers can go back; the channel runs without them too.',
  },
  {
    path: 'channels[].archive.keep',
    kind: 'duration',
    required: true,
    min: '1m',
    max: '90d',
    example: '24h',
    means: 'How far back they can go.',
  },
  {
    path: 'channels[].archive.size',
    kind: 'size',
    min: '64MiB',
    max: '1024TiB',
    example: '50GiB',
    means: 'The most it may hold; the oldest goes first. As much as it takes where absent.',
  },
  {
    path: 'channels[].archive.as',
    kind: 'choice',
    default: 'tiers',
    of: ['tiers', 'hls'],
    means:
      'Where it lies: in the places of `overflow`, or as plain HLS in a folder that any web server can serve.',
  },
  {
    path: 'channels[].archive.path',
    kind: 'path',
    example: './archive',
    means: 'That folder; only with `as: hls`.',
  },
] as const satisfies readonly Key[];
