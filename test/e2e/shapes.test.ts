// This file relays the shapes that HLS comes in, as ffmpeg makes them, and decodes what comes out.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkTransport } from '../support/check-transport.ts';
import { hasProgram, runProgram } from '../support/programs.ts';
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts';
import { Weir } from '../support/weir.ts';

const SECONDS = 8;

const VIDEO = ['-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=25:duration=${SECONDS}`];
const SOUND = ['-f', 'lavfi', '-i', `sine=frequency=330:sample_rate=48000:duration=${SECONDS}`];
const CODE = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '50', '-c:a', 'aac', '-b:a', '64k'];
const HLS = ['-f', 'hls', '-hls_time', '2', '-hls_playlist_type', 'vod', '-hls_list_size', '0'];
const FMP4 = ['-hls_segment_type', 'fmp4'];

/** Each is a folder on the origin; `open` is what the source points to. */
const SHAPES: readonly {
  readonly name: string;
  readonly args: readonly string[];
  readonly open: string;
  /** Frames ffmpeg must get out of it, by stream type. */
  readonly video: number;
  readonly sound: number;
}[] = [
  {
    name: 'byte ranges of one TS file',
    args: [...VIDEO, ...SOUND, ...CODE, ...HLS, '-hls_flags', 'single_file', 'index.m3u8'],
    open: 'index.m3u8',
    video: SECONDS * 25,
    sound: SECONDS,
  },
  {
    name: 'byte ranges of one fMP4 file, its head included',
    args: [...VIDEO, ...SOUND, ...CODE, ...HLS, ...FMP4, '-hls_flags', 'single_file', 'index.m3u8'],
    open: 'index.m3u8',
    video: SECONDS * 25,
    sound: SECONDS,
  },
  {
    name: 'fMP4 with sound as a rendition of its own',
    args: [
      ...[...VIDEO, ...SOUND, ...CODE, '-map', '0:v', '-map', '1:a', ...HLS, ...FMP4],
      ...['-var_stream_map', 'v:0,agroup:snd a:0,agroup:snd,language:en,default:yes'],
      ...['-master_pl_name', 'master.m3u8', '-hls_segment_filename', 'v%v_%d.m4s', 'v%v.m3u8'],
    ],
    open: 'master.m3u8',
    video: SECONDS * 25,
    sound: SECONDS,
  },
  {
    name: 'packed AAC',
    args: [
      ...[...SOUND, '-c:a', 'aac', '-f', 'segment', '-segment_time', '2'],
      ...['-segment_format', 'adts', '-segment_list', 'index.m3u8', '-segment_list_type', 'hls'],
      ...['-segment_list_size', '0', 'seg%d.aac'],
    ],
    open: 'index.m3u8',
    video: 0,
    sound: SECONDS,
  },
  {
    name: 'AES-128 without an IV',
    args: [
      ...[...VIDEO, ...SOUND, ...CODE, ...HLS, '-hls_key_info_file', 'key.info'],
      ...['-start_number', '7', 'index.m3u8'],
    ],
    open: 'index.m3u8',
    video: SECONDS * 25,
    sound: SECONDS,
  },
];

const folderOf = (index: number) => `shape${index}`;

describe.skipIf(!hasProgram('ffmpeg'))('the shapes of HLS', () => {
  let folder: TempFolder;
  let origin: Bun.Server<undefined>;
  let weir: Weir;

  beforeAll(async () => {
    folder = await createTempFolder();
    origin = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: async (request) => {
        const file = Bun.file(join(folder.path, new URL(request.url).pathname));
        if (!(await file.exists())) return new Response(null, { status: 404 });
        const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get('range') ?? '');
        if (range === null) return new Response(file);
        const [first, last] = [Number(range[1]), Number(range[2])];
        return new Response(file.slice(first, last + 1), {
          status: 206,
          headers: { 'content-range': `bytes ${first}-${last}/${file.size}` },
        });
      },
    });
    await Promise.all(SHAPES.map(({ args }, index) => make(index, args)));
    const channels = SHAPES.map(
      ({ open }, index) =>
        `  - { id: ${folderOf(index)}, sources: ['${origin.url}${folderOf(index)}/${open}'] }`,
    );
    const subtitled = `  - { id: subtitled, sources: ['${origin.url}subtitled/master.m3u8'] }`;
    await makeSubtitled();
    weir = await Weir.start({
      yaml: `allow_private: [127.0.0.0/8]\nchannels:\n${[...channels, subtitled].join('\n')}\n`,
    });
  }, 60_000);

  afterAll(async () => {
    await weir?.[Symbol.asyncDispose]();
    await origin?.stop(true);
    await folder?.[Symbol.asyncDispose]();
  });

  async function make(index: number, args: readonly string[]): Promise<void> {
    const cwd = join(folder.path, folderOf(index));
    mkdirSync(cwd);
    await Bun.write(
      join(cwd, 'live.key'),
      Uint8Array.from({ length: 16 }, (_, i) => i),
    );
    await Bun.write(join(cwd, 'key.info'), `live.key\n${join(cwd, 'live.key')}\n`);
    const child = Bun.spawn(['ffmpeg', '-nostdin', '-loglevel', 'error', ...args], {
      cwd,
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: 'inherit',
    });
    expect(await child.exited).toBe(0);
  }

  /** A multivariant playlist with WebVTT beside the first shape's picture. */
  async function makeSubtitled(): Promise<void> {
    const cwd = join(folder.path, 'subtitled');
    mkdirSync(cwd);
    const vtt =
      'WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n00:01.000 --> 00:03.000\nHello\n';
    await Bun.write(join(cwd, 'text0.vtt'), vtt);
    await Bun.write(
      join(cwd, 'text.m3u8'),
      `#EXTM3U\n#EXT-X-TARGETDURATION:${SECONDS}\n#EXTINF:${SECONDS},\ntext0.vtt\n#EXT-X-ENDLIST\n`,
    );
    await Bun.write(
      join(cwd, 'master.m3u8'),
      `#EXTM3U
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subs",NAME="English",LANGUAGE="en",URI="text.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=500000,RESOLUTION=320x180,SUBTITLES="subs"
../${folderOf(0)}/index.m3u8
`,
    );
  }

  test.each(SHAPES.map((shape, index) => [shape.name, shape, index] as const))(
    '%s comes out whole',
    async (_, shape, index) => {
      await expectWhole(weir.url(`/live/${folderOf(index)}/index.m3u8`), shape);
    },
    60_000,
  );

  test.concurrent.each(SHAPES.map((shape, index) => [shape.name, shape, index] as const))(
    '%s comes out as one clean transport stream',
    async (_, shape, index) => {
      const response = await fetch(weir.url(`/live/${folderOf(index)}.ts`));
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('video/mp2t');
      const bytes = await response.bytes();
      expect(checkTransport(bytes)).toEqual([]);
      const file = join(folder.path, `endless${index}.ts`);
      await Bun.write(file, bytes);
      // It begins with a key frame: sound that was heard before it stays away
      await expectWhole(file, shape, shape.video === 0 ? 0 : 4);
    },
    60_000,
  );

  async function expectWhole(
    url: string,
    shape: (typeof SHAPES)[number],
    lateSoundFrames = 0,
  ): Promise<void> {
    const count = ['-count_packets', '-show_entries', 'stream=codec_type,nb_read_packets'];
    const cmd = ['ffprobe', '-loglevel', 'error', ...count, '-of', 'json', url];
    const { stdout, stderr } = await runProgram(cmd, 30_000);
    expect(stderr).toBe('');
    const { streams } = JSON.parse(stdout) as {
      streams: { codec_type: string; nb_read_packets: string }[];
    };
    const packets = (type: string) =>
      Number(streams.find((stream) => stream.codec_type === type)?.nb_read_packets ?? 0);
    expect(packets('video')).toBe(shape.video);
    // 1,024 samples a packet at 48 kHz; the encoder adds one or two to begin and end with
    const least = Math.floor((shape.sound * 48_000) / 1024);
    expect(packets('audio')).toBeGreaterThanOrEqual(least - lateSoundFrames);
    const decode = ['ffmpeg', '-nostdin', '-loglevel', 'error', '-i', url, '-f', 'null', '-'];
    expect((await runProgram(decode, 30_000)).stderr).toBe('');
  }

  test('subtitles are a rendition like any other', async () => {
    const master = await (await fetch(weir.url('/live/subtitled/index.m3u8'))).text();
    const uri = /TYPE=SUBTITLES.*URI="([^"]+)"/.exec(master)?.[1] as string;
    const list = await (await fetch(weir.url(`/live/subtitled/${uri}`))).text();
    const name = list.split('\n').find((line) => line.endsWith('.vtt')) as string;
    const folderUrl = uri.slice(0, uri.lastIndexOf('/'));
    const response = await fetch(weir.url(`/live/subtitled/${folderUrl}/${name}`));
    expect(response.headers.get('content-type')).toBe('text/vtt');
    expect(await response.text()).toStartWith('WEBVTT');
  });
});
