// This file has ffmpeg make the same picture and sound in every form, and archives them in memory.
import { createCipheriv } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { topLevelBoxes } from '../../src/media/fmp4/box.ts';
import { parsePlaylist } from '../../src/media/m3u8/parse-playlist.ts';
import type { MultivariantPlaylist } from '../../src/media/m3u8/playlist.ts';
import { createMpegtsInput } from '../../src/media/remux/mpegts-to-units.ts';
import { segmentMarks } from '../../src/recording/archive/segment-marks.ts';
import { id3Tag, stampFrame } from '../media/remux/id3-tags.ts';
import { runProgram } from './programs.ts';
import { ScriptedRendition } from './scripted-archive.ts';
import { createTempFolder } from './temp-folder.ts';

export type MadeList = {
  readonly init?: Uint8Array<ArrayBuffer>;
  readonly segments: readonly {
    readonly bytes: Uint8Array<ArrayBuffer>;
    readonly durationS: number;
  }[];
};

export const FORMS = [
  'ts-pictures',
  'ts-sound',
  'aac-sound',
  'fmp4-pictures',
  'fmp4-sound',
  'fmp4',
  'fmp4-hevc',
  'fmp4-negative',
] as const;
export type Form = (typeof FORMS)[number];

export const MADE_S = 12;
export const PICTURES_PER_S = 25;
const PICTURE = `-f lavfi -i testsrc2=size=160x90:rate=${PICTURES_PER_S}:duration=${MADE_S}`;
const SOUND = `-f lavfi -i sine=frequency=330:sample_rate=48000:duration=${MADE_S}`;
const AVC =
  '-map 0:v -c:v libx264 -preset ultrafast -bf 2 -g 50 -keyint_min 50 -sc_threshold 0 -threads 1';
const HEVC =
  '-map 0:v -c:v libx265 -preset ultrafast -tag:v hvc1 -x265-params log-level=error:keyint=50:min-keyint=50:open-gop=0:scenecut=0';
const AAC = '-map 1:a -c:a aac -b:a 64k';

function hls(name: string, seconds: number, isFmp4: boolean): string {
  const form = isFmp4 ? `-hls_segment_type fmp4 -hls_fmp4_init_filename ${name}.mp4` : '';
  const to = `-hls_segment_filename ${name}-%03d.seg ${name}.m3u8`;
  return `-f hls -hls_time ${seconds} -hls_list_size 0 ${form} ${to}`;
}

/** Sound is cut at other places than the pictures. */
export async function madeForms(): Promise<Readonly<Record<Form, MadeList>>> {
  await using folder = await createTempFolder();
  const outputs = [
    `${AVC} ${hls('ts-pictures', 2, false)} ${AAC} ${hls('ts-sound', 1.9, false)}`,
    `${AVC} ${hls('fmp4-pictures', 2, true)} ${AAC} ${hls('fmp4-sound', 1.9, true)}`,
    `${AVC} ${AAC} ${hls('fmp4', 2, true)} ${HEVC} ${AAC} ${hls('fmp4-hevc', 2, true)}`,
    `${AVC} ${AAC} -f mp4 -movflags frag_keyframe+empty_moov+default_base_moof+negative_cts_offsets negative.mp4`,
  ];
  const words = `${PICTURE} ${SOUND} ${outputs.join(' ')}`.split(' ').filter((word) => word !== '');
  const cmd = ['env', '-C', folder.path, 'ffmpeg', '-nostdin', '-loglevel', 'error', ...words];
  const made = await runProgram(cmd, 120_000);
  if (made.code !== 0) throw new Error(`ffmpeg failed: ${made.stderr}`);
  const read = (name: string) => Bun.file(join(folder.path, name)).bytes();
  const names = (await readdir(folder.path)).sort();
  const listOf = async (form: Form): Promise<MadeList> => {
    const text = await Bun.file(join(folder.path, `${form}.m3u8`)).text();
    const lengths = [...text.matchAll(/#EXTINF:([\d.]+)/g)].map(([, length]) => Number(length));
    const own = names.filter((name) => name.startsWith(`${form}-0`) && name.endsWith('.seg'));
    const segments = await Promise.all(
      own.map(async (name, index) => ({ bytes: await read(name), durationS: lengths[index] ?? 0 })),
    );
    return names.includes(`${form}.mp4`)
      ? { segments, init: await read(`${form}.mp4`) }
      : { segments };
  };
  const sound = await listOf('ts-sound');
  return {
    'ts-pictures': await listOf('ts-pictures'),
    'ts-sound': sound,
    'aac-sound': {
      segments: sound.segments.map((each) => ({ ...each, bytes: packed(each.bytes) })),
    },
    'fmp4-pictures': await listOf('fmp4-pictures'),
    'fmp4-sound': await listOf('fmp4-sound'),
    fmp4: await listOf('fmp4'),
    'fmp4-hevc': await listOf('fmp4-hevc'),
    'fmp4-negative': fragments(await read('negative.mp4')),
  };
}

/** RFC 8216 §3.4: ADTS, with its time in a tag before it. */
function packed(transport: Uint8Array): Uint8Array<ArrayBuffer> {
  const { units } = createMpegtsInput().demux(transport);
  const tag = id3Tag(stampFrame(BigInt(units[0]?.dts ?? 0)));
  return new Uint8Array(Buffer.concat([tag, ...units.map(({ bytes }) => bytes)]));
}

/** A file of fragments of two seconds, cut into them. */
function fragments(file: Uint8Array<ArrayBuffer>): MadeList {
  const moofs = topLevelBoxes(file).filter(({ type }) => type === 'moof' || type === 'mfra');
  const cuts = moofs.map(({ at }) => at);
  const segments = cuts.slice(0, -1).map((at, index) => {
    return { bytes: file.slice(at, cuts[index + 1]), durationS: 2 };
  });
  return { init: file.slice(0, cuts[0]), segments };
}

const TYPES = { pictures: 'video/mp4', sound: 'audio/mp4' } as const;

export type Archiving = {
  readonly kind: 'pictures' | 'sound';
  readonly startMs: number;
  /** Nothing is learnt of it, as before it was. */
  readonly isOld?: boolean;
  /** Shown so often, the clock beginning anew each time. */
  readonly times?: number;
  /** Those by these numbers are lost. */
  readonly lost?: readonly number[];
  /** With AES-128, each segment as a whole, and the init segment. */
  readonly isEncrypted?: boolean;
};

const KEY = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
const IV = '0f0e0d0c0b0a09080706050403020100';
const KEYS = [
  { key: { method: 'AES-128', iv: IV, attributes: new Map() }, asset: 'key-1.bin' },
] as const;

function encrypted(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const cipher = createCipheriv('aes-128-cbc', KEY, Buffer.from(IV, 'hex'));
  return new Uint8Array(Buffer.concat([cipher.update(bytes), cipher.final()]));
}

/** A rendition that holds it, as it would have been archived. */
export async function archivedList(
  id: string,
  { init, segments }: MadeList,
  { kind, startMs, isOld = false, times = 1, lost = [], isEncrypted = false }: Archiving,
): Promise<ScriptedRendition> {
  const as = kind === 'sound' ? 'audio' : 'video';
  const rendition = new ScriptedRendition(id, startMs, { kind: as, targetDurationS: 2 });
  const closed = isEncrypted ? encrypted : (bytes: Uint8Array<ArrayBuffer>) => bytes;
  const keys = isEncrypted ? KEYS : [];
  const map = init && { asset: 'init-1.mp4', keys };
  const contentType = init === undefined ? 'video/mp2t' : TYPES[kind];
  const assets = [{ name: 'key-1.bin', contentType, body: new Uint8Array(KEY) }];
  if (init !== undefined) assets.push({ name: 'init-1.mp4', contentType, body: closed(init) });
  for (const { name, body } of assets) {
    rendition.bodies.set(name, { kind: 'whole', body: new Blob([body]), contentType });
  }
  const needs = { keys, assets, ...(map && { map }) };
  let earlierTicks = 0;
  for (let time = 0; time < times; time++) {
    for (const [index, { bytes: clear, durationS }] of segments.entries()) {
      const bytes = closed(clear);
      const discontinuity = time > 0 && index === 0;
      const gap = lost.includes(rendition.rows.length);
      if (gap) {
        rendition.put({ gap, durationS, discontinuity });
        continue;
      }
      const learnt = await segmentMarks(new Blob([bytes]), needs, { kind: as, earlierTicks });
      earlierTicks = learnt.made?.earlierTicks ?? earlierTicks;
      const more = { contentType, keys, ...(map && { map }), ...(isOld ? {} : learnt) };
      rendition.put({ bytes, durationS, discontinuity, more });
      const row = rendition.rows.at(-1);
      if (isOld && row !== undefined) {
        const { marks: _, ...old } = row;
        rendition.rows[rendition.rows.length - 1] = old;
      }
    }
  }
  return rendition;
}

/** The pictures have the sound `sound` beside them. */
export function besidePlaylist(pictures: string, sound: string): MultivariantPlaylist {
  const text = `#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="snd",NAME="English",LANGUAGE="en",DEFAULT=YES,URI="${sound}"
#EXT-X-STREAM-INF:BANDWIDTH=500000,RESOLUTION=160x90,AUDIO="snd"
${pictures}
`;
  const playlist = parsePlaylist(text, { uri: 'http://archive.invalid/' });
  if (playlist.kind !== 'multivariant') throw new Error('no multivariant playlist');
  return playlist;
}
