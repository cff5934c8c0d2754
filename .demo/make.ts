// This file makes the demo channel's media: `bun .demo/make.ts` with ffmpeg and the DejaVu fonts.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLOCK, drawFrame, FRAMES_PER_SECOND, HEIGHT, PERIOD_S, WIDTH } from './picture.ts';
import { makePeriod, SAMPLE_RATE } from './sound.ts';

const OUTPUT = join(import.meta.dir, '../src/source/loop/demo.mpegts');
const FONTS = '/usr/share/fonts/truetype/dejavu';
const SEGMENT_FRAMES = 4 * FRAMES_PER_SECOND;
const AAC_FRAME_SAMPLES = 1024;
const AAC_FRAMES = (PERIOD_S * SAMPLE_RATE) / AAC_FRAME_SAMPLES;

async function ffmpeg(options: readonly string[], write?: (sink: Bun.FileSink) => Promise<void>) {
  const child = Bun.spawn(['ffmpeg', '-v', 'error', '-y', ...options], {
    stdin: 'pipe',
    stderr: 'inherit',
  });
  await write?.(child.stdin);
  await child.stdin.end();
  if ((await child.exited) !== 0) throw new Error(`ffmpeg failed: ${options.join(' ')}`);
}

type Text = { readonly text: string; readonly font: string; readonly size: number };

function drawText(text: Text, colour: string, x: string, y: number): string {
  const font = `${FONTS}/${text.font}.ttf`;
  return `drawtext=fontfile=${font}:text='${text.text}':fontsize=${text.size}:fontcolor=${colour}:x=${x}:y=${y}`;
}

const light = (text: string, size: number): Text => ({ text, size, font: 'DejaVuSans-ExtraLight' });
const plain = (text: string, size: number): Text => ({ text, size, font: 'DejaVuSans' });
const centred = `${CLOCK.x}-text_w/2`;

const TEXTS = [
  drawText(light('weir', 84), '0xe4f6f7', '44', 70),
  drawText(plain('demo channel · looping for ever', 16), '0x86b0bb', '50', 172),
  drawText(light('%{eif\\:floor(n/25)\\:d\\:2}', 104), '0xf2fbfb', `${CLOCK.x}-66`, 92),
  drawText(plain('seconds', 13), '0x86b0bb', centred, 190),
];

async function makeVideo(file: string): Promise<void> {
  const colours = 'scale=out_color_matrix=bt709:out_range=tv,format=yuv420p';
  const x264 = [
    `keyint=${SEGMENT_FRAMES}:min-keyint=${SEGMENT_FRAMES}:scenecut=0:open-gop=0`,
    'bframes=5:b-adapt=2:ref=4:rc-lookahead=60:aq-mode=3:psy-rd=0.4,0',
  ].join(':');
  await ffmpeg(
    [
      ...['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${WIDTH}x${HEIGHT}`],
      ...['-r', `${FRAMES_PER_SECOND}`, '-i', 'pipe:0', '-vf', [...TEXTS, colours].join(',')],
      ...['-c:v', 'libx264', '-profile:v', 'high', '-level', '3.0', '-preset', 'veryslow'],
      ...['-crf', CRF, '-x264-params', x264],
      ...['-color_primaries', 'bt709', '-color_trc', 'bt709', '-colorspace', 'bt709'],
      ...['-bsf:v', 'filter_units=remove_types=6', file],
    ],
    async (sink) => {
      for (let frame = 0; frame < PERIOD_S * FRAMES_PER_SECOND; frame++) {
        sink.write(drawFrame(frame));
        await sink.flush();
      }
    },
  );
}

/** Three periods are encoded and the middle one is kept: its first frame overlaps with its last. */
async function makeAudio(file: string): Promise<void> {
  const period = makePeriod();
  const whole = `${file}.whole.aac`;
  await ffmpeg(
    [
      ...['-f', 'f32le', '-ar', `${SAMPLE_RATE}`, '-ac', '1', '-i', 'pipe:0'],
      ...['-c:a', 'aac', '-profile:a', 'aac_low', '-b:a', AUDIO_RATE, '-f', 'adts', whole],
    ],
    async (sink) => {
      for (let round = 0; round < 3; round++) {
        sink.write(period);
        await sink.flush();
      }
    },
  );
  const frames = splitAdts(await Bun.file(whole).bytes());
  // The encoder puts one frame of silence before the first sample.
  const middle = frames.slice(1 + AAC_FRAMES, 1 + 2 * AAC_FRAMES);
  if (middle.length !== AAC_FRAMES) throw new Error(`${middle.length} frames in the middle period`);
  await Bun.write(file, Buffer.concat(middle));
}

// ISO/IEC 14496-3 §1.A.2.2: aac_frame_length is 13 bits from bit 30 on
function splitAdts(bytes: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at + 7 <= bytes.length; ) {
    const [b3, b4, b5] = bytes.subarray(at + 3, at + 6) as unknown as [number, number, number];
    const length = ((b3 & 3) << 11) | (b4 << 3) | (b5 >> 5);
    frames.push(bytes.subarray(at, at + length));
    at += length;
  }
  return frames;
}

/** PAT and PMT come once a segment; the default ten times a second would double the file. */
async function mux(video: string, audio: string): Promise<void> {
  await ffmpeg([
    ...['-i', video, '-i', audio, '-map', '0:v', '-map', '1:a', '-c', 'copy'],
    ...['-muxdelay', '0.4', '-muxpreload', '0.4', '-max_delay', '600000'],
    ...['-pat_period', '4', '-sdt_period', '60', '-pcr_period', '40'],
    ...['-metadata', 'service_name=weir demo', '-metadata', 'service_provider=weir'],
    ...['-f', 'mpegts', OUTPUT],
  ]);
}

const CRF = Bun.argv[2] ?? '28';
const AUDIO_RATE = Bun.argv[3] ?? '24k';
const folder = await mkdtemp(join(tmpdir(), 'demo-'));
try {
  const video = join(folder, 'video.mp4');
  const audio = join(folder, 'audio.aac');
  await makeVideo(video);
  await makeAudio(audio);
  await mux(video, audio);
  for (const file of [video, audio, OUTPUT]) console.log(file, Bun.file(file).size);
} finally {
  await rm(folder, { recursive: true });
}
