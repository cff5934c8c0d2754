// This file reads what an Xtream panel answers as the strictest of clients do: every key, of its type.

/*
 * Taken together of clients in Kotlin (every key has to be there), Rust (integers without a sign, text
 * that is text, Unicode that is whole) and Go (ports, counts and times are text).
 */

export type Check = (value: unknown, at: string) => void;

export class DecodeError extends Error {}

function fail(at: string, value: unknown, wanted: string): never {
  throw new DecodeError(`${at}: ${JSON.stringify(value)?.slice(0, 80)}, wanted ${wanted}`);
}

export const text: Check = (value, at) => {
  if (typeof value !== 'string' || !value.isWellFormed()) fail(at, value, 'text');
};

export const line: Check = (value, at) => {
  text(value, at);
  if (/[\u0000-\u001f]/.test(value as string)) fail(at, value, 'text on one line');
};

export const count: Check = (value, at) => {
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) >= 2 ** 31) {
    fail(at, value, 'an integer of 31 bits');
  }
};

export const identifier: Check = (value, at) => {
  count(value, at);
  if (value === 0) fail(at, value, 'a number over 0');
};

export const fraction: Check = (value, at) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) fail(at, value, 'a number');
};

export const digits: Check = (value, at) => {
  if (typeof value !== 'string' || !/^\d{1,10}$/.test(value)) fail(at, value, 'digits as text');
};

export const flag: Check = (value, at) => {
  if (value !== 0 && value !== 1) fail(at, value, '0 or 1');
};

export const time: Check = (value, at) => {
  const isTime = typeof value === 'string' && /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(value);
  if (!isTime || Number.isNaN(Date.parse(`${value}Z`))) fail(at, value, 'YYYY-MM-DD HH:MM:SS');
};

export const base64: Check = (value, at) => {
  text(value, at);
  const bytes = Buffer.from(value as string, 'base64');
  if (bytes.toString('base64') !== value) fail(at, value, 'base64');
  line(new TextDecoder('utf-8', { fatal: true }).decode(bytes), at);
};

export const url: Check = (value, at) => {
  text(value, at);
  if (value !== '' && !/^https?:\/\/[^\s"]+$/.test(value as string)) fail(at, value, 'an address');
};

export function exactly(...allowed: readonly unknown[]): Check {
  return (value, at) => {
    if (!allowed.includes(value)) fail(at, value, JSON.stringify(allowed));
  };
}

export function orNull(check: Check): Check {
  return (value, at) => {
    if (value !== null) check(value, at);
  };
}

export function listOf(check: Check): Check {
  return (value, at) => {
    if (!Array.isArray(value)) fail(at, value, 'a list');
    for (const [index, each] of value.entries()) check(each, `${at}[${index}]`);
  };
}

export function byKey(key: RegExp, check: Check): Check {
  return (value, at) => {
    for (const [name, each] of Object.entries(members(value, at))) {
      if (!key.test(name)) fail(`${at} key`, name, String(key));
      check(each, `${at}.${name}`);
    }
  };
}

/** Neither a key less nor one more. */
export function record(keys: Readonly<Record<string, Check>>): Check {
  return (value, at) => {
    const found = members(value, at);
    for (const [name, check] of Object.entries(keys)) {
      if (!Object.hasOwn(found, name)) fail(`${at}.${name}`, undefined, 'a value');
      check(found[name], `${at}.${name}`);
    }
    const more = Object.keys(found).filter((name) => !Object.hasOwn(keys, name));
    if (more.length > 0) fail(at, more, 'no other keys');
  };
}

function members(value: unknown, at: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    fail(at, value, 'an object');
  }
  return value as Record<string, unknown>;
}

const USER_INFO = record({
  username: text,
  password: text,
  message: text,
  auth: exactly(1),
  status: exactly('Active', 'Expired', 'Disabled', 'Banned'),
  exp_date: orNull(digits),
  is_trial: exactly('0', '1'),
  active_cons: digits,
  created_at: digits,
  max_connections: digits,
  allowed_output_formats: listOf(exactly('m3u8', 'ts')),
});

const SERVER_INFO = record({
  url: (value, at) => {
    line(value, at);
    if (/[/:]/.test((value as string).replace(/^\[.*\]$/, ''))) fail(at, value, 'a host alone');
  },
  port: digits,
  https_port: digits,
  server_protocol: exactly('http', 'https'),
  rtmp_port: digits,
  timezone: exactly('UTC'),
  timestamp_now: identifier,
  time_now: time,
  process: exactly(true),
});

const CATEGORY = record({ category_id: digits, category_name: line, parent_id: exactly(0) });

const IN_CATEGORY = { category_id: digits, category_ids: listOf(identifier) };

const LIVE_STREAM = {
  num: identifier,
  name: line,
  stream_type: exactly('live'),
  stream_id: identifier,
  stream_icon: url,
  epg_channel_id: orNull(line),
  added: digits,
  is_adult: flag,
  ...IN_CATEGORY,
  custom_sid: text,
  tv_archive: flag,
  direct_source: text,
  tv_archive_duration: count,
  thumbnail: text,
};

const FILM_STREAM = record({
  num: identifier,
  name: line,
  stream_type: exactly('movie'),
  stream_id: identifier,
  stream_icon: url,
  rating: line,
  rating_5based: fraction,
  added: digits,
  is_adult: flag,
  ...IN_CATEGORY,
  container_extension: line,
  custom_sid: text,
  direct_source: text,
  tmdb: line,
});

const NOTHING = record({});

const FILM_INFO = record({
  info: record({
    movie_image: url,
    name: line,
    plot: line,
    cast: line,
    director: line,
    genre: line,
    releasedate: line,
    duration: (value, at) => {
      if (!/^\d\d+:\d\d:\d\d$/.test(String(value))) fail(at, value, 'HH:MM:SS');
    },
    duration_secs: count,
    rating: line,
    tmdb_id: line,
    backdrop_path: listOf(url),
    youtube_trailer: text,
    video: NOTHING,
    audio: NOTHING,
    bitrate: count,
  }),
  movie_data: record({
    stream_id: identifier,
    name: line,
    added: digits,
    category_id: digits,
    container_extension: line,
    custom_sid: text,
    direct_source: text,
  }),
});

const SERIES = record({
  num: identifier,
  name: line,
  series_id: identifier,
  cover: url,
  plot: line,
  cast: line,
  director: line,
  genre: line,
  releaseDate: line,
  release_date: line,
  last_modified: digits,
  rating: line,
  rating_5based: fraction,
  backdrop_path: listOf(url),
  youtube_trailer: text,
  episode_run_time: digits,
  ...IN_CATEGORY,
});

const SERIES_INFO = record({
  seasons: listOf(
    record({
      season_number: count,
      name: line,
      episode_count: count,
      cover: url,
      air_date: line,
    }),
  ),
  info: SERIES,
  episodes: byKey(
    /^\d+$/,
    listOf(
      record({
        id: digits,
        episode_num: count,
        title: line,
        container_extension: line,
        info: record({
          movie_image: url,
          plot: line,
          releasedate: line,
          duration: line,
          duration_secs: count,
        }),
        added: digits,
        season: count,
        custom_sid: text,
        direct_source: text,
      }),
    ),
  ),
});

const LISTINGS = record({
  epg_listings: listOf(
    record({
      id: digits,
      epg_id: digits,
      title: base64,
      lang: line,
      start: time,
      end: time,
      description: base64,
      channel_id: line,
      start_timestamp: digits,
      stop_timestamp: digits,
      stream_id: digits,
      now_playing: flag,
      has_archive: flag,
    }),
  ),
});

const PANEL = record({
  user_info: USER_INFO,
  server_info: SERVER_INFO,
  categories: record({
    live: listOf(CATEGORY),
    movie: listOf(CATEGORY),
    series: listOf(CATEGORY),
  }),
  available_channels: byKey(
    /^\d+$/,
    record({
      ...LIVE_STREAM,
      type_name: line,
      category_name: line,
      series_no: exactly(null),
      live: exactly('1'),
      container_extension: exactly('ts'),
    }),
  ),
});

/** What each action is answered with; `login` is that without one. */
export const ANSWERS = {
  login: record({ user_info: USER_INFO, server_info: SERVER_INFO }),
  panel: PANEL,
  get_live_categories: listOf(CATEGORY),
  get_live_streams: listOf(record(LIVE_STREAM)),
  get_vod_categories: listOf(CATEGORY),
  get_vod_streams: listOf(FILM_STREAM),
  get_vod_info: FILM_INFO,
  get_series_categories: listOf(CATEGORY),
  get_series: listOf(SERIES),
  get_series_info: SERIES_INFO,
  get_short_epg: LISTINGS,
  get_simple_data_table: LISTINGS,
} as const satisfies Readonly<Record<string, Check>>;

export type Answered = keyof typeof ANSWERS;

/** The document, once it has passed. Throws DecodeError. */
export function decodeXtream(what: Answered, json: string): unknown {
  const document: unknown = JSON.parse(json);
  ANSWERS[what](document, what);
  return document;
}
