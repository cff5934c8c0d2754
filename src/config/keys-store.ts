// This file is the part of the schema that says where what all nodes agree by is kept.
import type { Key } from './key.ts';

export const STORE_KEYS = [
  {
    path: 'store',
    kind: 'url',
    schemes: ['postgres', 'postgresql'],
    example: 'postgres://weir@127.0.0.1/weir',
    restart: true,
    means:
      'Postgres for users, numbers and keys, shared by all weirs that name it; a file under `data` where absent.',
  },
] as const satisfies readonly Key[];
