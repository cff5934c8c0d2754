// This file is the part of the schema that concerns one channel.
import type { Key } from './key.ts';

export const CHANNEL_KEYS = [
  {
    path: 'channels',
    kind: 'list',
    maxCount: 20_000, // far beyond any line-up; bounds what a broken generator can ask for
    means: 'What can be watched; without it the built-in channel `demo` plays.',
  },
  { path: 'channels[]', kind: 'section', means: 'One channel.' },
  {
    path: 'channels[].id',
    kind: 'text',
    required: true,
    pattern: /^[a-z0-9_-]{1,64}$/,
    words: '1 to 64 of a-z, 0-9, _ and -',
    example: 'news',
    means: 'Name in addresses; permanent, and unique.',
  },
  {
    path: 'channels[].name',
    kind: 'text',
    max: '200',
    example: 'News 24',
    means: 'Name shown to people; the id where absent.',
  },
  {
    path: 'channels[].number',
    kind: 'whole',
    min: '1',
    max: '99999',
    example: '1',
    means: 'Channel number; those without get the ones after the highest, and keep them.',
  },
  {
    path: 'channels[].group',
    kind: 'text',
    max: '200',
    example: 'News',
    means: 'Group in the line-up.',
  },
  {
    path: 'channels[].logo',
    kind: 'picture',
    schemes: ['http', 'https'],
    example: 'https://example.com/news.png',
    means: 'Picture of the channel: an address, a file, or `data:image/png;base64,…`.',
  },
  {
    path: 'channels[].guide',
    kind: 'text',
    max: '200',
    example: 'news.example',
    means: 'XMLTV channel id.',
  },
  {
    path: 'channels[].guide_shift',
    kind: 'shift',
    min: '-24h',
    max: '24h',
    example: '1h',
    means: 'How much later than the guide says its programmes begin; `-30m` is earlier.',
  },
  {
    path: 'channels[].mode',
    kind: 'choice',
    default: 'buffered',
    of: ['buffered', 'proxy', 'host', 'redirect'],
    means:
      'How bytes reach the viewer: from the buffer, piped, rewritten to another host, or by a redirect.',
  },
  {
    path: 'channels[].keep_warm',
    kind: 'flag',
    default: 'false',
    means: 'Fetch without viewers too, so that the first one never waits.',
  },
  {
    path: 'channels[].slate',
    kind: 'path',
    example: './slate.ts',
    means: 'MPEG-TS file that plays while no source does; `card` is the one inside the program.',
  },
  {
    path: 'channels[].failover',
    kind: 'section',
    means: 'What a source is left for, beside errors, stalls and clocks that stand still.',
  },
  {
    path: 'channels[].failover.silence',
    kind: 'duration',
    min: '5s', // speech has pauses, and players buffer as much
    max: '10m',
    example: '20s',
    means: 'Sound that is silent for so long; not looked for where absent.',
  },
  {
    path: 'channels[].failover.black',
    kind: 'duration',
    min: '5s', // films fade, and key frames may lie so far apart
    max: '10m',
    example: '20s',
    means: 'A picture of one colour for so long; not looked for where absent.',
  },
] as const satisfies readonly Key[];
