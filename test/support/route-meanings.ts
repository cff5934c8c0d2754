// This file says what every route is, in the words of the README.

export const ROUTE_MEANINGS: readonly {
  readonly routes: readonly string[];
  readonly means: string;
}[] = [
  { routes: ['/', '/console/{name}'], means: 'a page that lists the channels and plays them' },
  {
    routes: ['/playlist.m3u'],
    means:
      'the line-up; `?mode=`, `?output=` (`hls`, `ts`), `?dialect=`, `?quality=`, `?host=`, `?group=` and `?id=` (repeatable; `?ids=a,b`); GET or POST',
  },
  {
    routes: ['/logo/{name}'],
    means:
      'the picture of a channel, `/logo/news.png`; its type is what it says, whatever the ending',
  },
  {
    routes: ['/epg.xml', '/epg.xml.gz', '/EPG.xml'],
    means:
      'the guide of the line-up; `?group=` and `?id=` as there, `?days=` (7 where absent, at most 31)',
  },
  {
    routes: [
      ...['/discover.json', '/lineup.json', '/lineup.xml', '/lineup.m3u', '/lineup.post'],
      ...['/lineup_status.json', '/status.json', '/device.xml', '/auto/{channel}'],
    ],
    means:
      'the first HDHomeRun device; `/auto/v101` is channel 101 as endless MPEG-TS, `/tuner0/v101` on that tuner',
  },
  {
    routes: [
      '/hdhr/{device}',
      '/hdhr/{device}/{part}',
      '/hdhr/{device}/{part}/{channel}',
      '/hdhr/{device}/lineup.post',
    ],
    means:
      'the same of each device; `/hdhr/{device}/tuner0/v101` is one tuner of it, `/hdhr/{device}/epg.xml` (`.gz` too) its guide',
  },
  {
    routes: ['/api/lineups'],
    means:
      'how each line-up does: when it was read, what came of it, what is wrong with it, as JSON',
  },
  {
    routes: ['/api/guide', '/api/guide/now'],
    means: 'how each guide does; what is on and what comes next, `?group=`, `?id=`, as JSON',
  },
  {
    routes: ['/api/guide/match', '/api/guide/channel/{channel}'],
    means:
      'which channel of the guides feeds which of ours, and what is proposed; the programmes of a ' +
      'channel `?from=&to=`, with `catchup` where the archive holds them, as JSON',
  },
  {
    routes: ['/live/{channel}/index.m3u8'],
    means:
      'HLS: multivariant where the source has variants, else media; `?delay=30m` as it was then, ' +
      '`?at=` from a time on (`?utc=` too)',
  },
  {
    routes: ['/live/{channel}/{rendition}/index.m3u8', '/live/{channel}/{rendition}/{name}'],
    means: 'media playlists, segments, init segments, keys; a name never means other bytes',
  },
  {
    routes: ['/live/{channel}.ts'],
    means: 'one endless MPEG-TS, over source changes and restarts; `?quality=720` picks a variant',
  },
  {
    routes: ['/archive/{channel}/index.m3u8', '/archive/{channel}/{rendition}/index.m3u8'],
    means: 'what was recorded `?from=&to=`, as a finished playlist; `duration=` in place of `to=`',
  },
  {
    routes: ['/archive/{channel}.ts'],
    means: 'the same as one MPEG-TS file, with its length; in parts by Range',
  },
  {
    routes: ['/archive/{channel}/programme/{start}'],
    means:
      'a programme by the time at which the guide has it begin, `….m3u8` or `….ts`; `?pad=` more ' +
      'of it before and after, `?pad=1m,5m` where it is not said',
  },
  {
    routes: ['/archive/{channel}/{rendition}/{name}', '/archive/{channel}/days'],
    means: 'its segments, init segments, keys; what is held, by day, as JSON',
  },
  {
    routes: ['/proxy/{channel}/index.m3u8', '/proxy/{channel}/{token}'],
    means: 'unbuffered, piped through; tokens are sealed upstream addresses',
  },
  {
    routes: ['/proxy/{channel}.ts'],
    means: "the upstream's own endless MPEG-TS, piped through; 302 to `/live` where it has none",
  },
  {
    routes: ['/host/{channel}/index.m3u8', '/host/{channel}/{token}'],
    means: 'unbuffered, segments at `?host=` (the upstream where absent); 403 where that is secret',
  },
  {
    routes: ['/redirect/{channel}'],
    means: '302 to the upstream; 403 where its address is secret',
  },
  {
    routes: ['/online.m3u8', '/channel.m3u8', '/channel2.m3u8', '/channel3.m3u8'],
    means: '`?fid=&hd=&host=`: buffered, proxy, host and redirect under older names',
  },
  {
    routes: ['/program.m3u'],
    means: '`?name=&hd=&host=`: the line-up under its older name; GET or POST',
  },
  {
    routes: ['/player_api.php', '/panel_api.php'],
    means: 'what an Xtream panel answers to `?username=&password=&action=`; GET or POST',
  },
  {
    routes: ['/live/{user}/{password}/{number}', '/{user}/{password}/{number}'],
    means: 'a channel by its number for a user: `.ts` endless MPEG-TS, `.m3u8` HLS',
  },
  {
    routes: ['/timeshift/{user}/{password}/{minutes}/{start}/{stream}', '/streaming/timeshift.php'],
    means: 'what it showed: minutes from `2026-01-01:20-00` (UTC) on, `.ts` or `.m3u8`',
  },
  {
    routes: ['/past/{user}/{password}/{stream}'],
    means: 'the same by `?from=&to=`, as `/archive` takes them',
  },
  {
    routes: ['/movie/{user}/{password}/{file}', '/series/{user}/{password}/{file}'],
    means: 'a film, an episode, from where it lies; in parts by Range',
  },
  {
    routes: ['/get.php', '/xmltv.php'],
    means: 'the line-up of a user, `?username=&password=&output=ts` or `m3u8`; its guide',
  },
  {
    routes: ['/healthz', '/readyz'],
    means: 'alive; ready to take viewers, or `degraded` with which place of `overflow` fails',
  },
  { routes: ['/metrics'], means: 'Prometheus' },
  {
    routes: ['/api/status', '/api/channels', '/api/channels/{channel}'],
    means: 'JSON: what is watched, held, fetched, and what is wrong; in all, by channel, of one',
  },
];
