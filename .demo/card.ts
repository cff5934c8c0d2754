// This file makes the card that is shown while no source plays: `bun .demo/card.ts` with ffmpeg and
// the DejaVu fonts.
import { join } from 'node:path';
import { FRAMES_PER_SECOND, HEIGHT, WIDTH } from './picture.ts';

const OUTPUT = join(import.meta.dir, '../src/source/loop/card.mpegts');
const FONTS = '/usr/share/fonts/truetype/dejavu';
/** A whole number of AAC frames at 48 kHz, so that the loop has no seam. */
const DURATION_S = 8;
const SEGMENT_FRAMES = 4 * FRAMES_PER_SECOND;

function drawText(text: string, font: string, size: number, colour: string, y: number): string {
  const file = `${FONTS}/${font}.ttf`;
  return `drawtext=fontfile=${file}:text='${text}':fontsize=${size}:fontcolor=${colour}:x=(w-text_w)/2:y=${y}`;
}

/** A line that fades in and out, so that nobody takes the picture for a frozen one. */
const BREATH = `drawbox=x=220:y=236:w=200:h=2:t=fill:color=0x86b0bb`;
const PICTURE = [
  drawText('back in a moment', 'DejaVuSans-ExtraLight', 44, '0xe4f6f7', 132),
  drawText('this channel is being reconnected', 'DejaVuSans', 16, '0x86b0bb', 200),
  BREATH,
  `hue=b='0.35*sin(2*PI*t/${DURATION_S / 2})'`,
  'scale=out_color_matrix=bt709:out_range=tv,format=yuv420p',
].join(',');

const x264 = `keyint=${SEGMENT_FRAMES}:min-keyint=${SEGMENT_FRAMES}:scenecut=0:open-gop=0:bframes=2`;
const child = Bun.spawn(
  [
    ...['ffmpeg', '-v', 'error', '-y', '-f', 'lavfi'],
    ...['-i', `color=c=0x0b2530:s=${WIDTH}x${HEIGHT}:r=${FRAMES_PER_SECOND}:d=${DURATION_S}`],
    ...['-f', 'lavfi', '-i', `anullsrc=r=48000:cl=stereo:d=${DURATION_S}`],
    ...['-vf', PICTURE, '-c:v', 'libx264', '-profile:v', 'high', '-level', '3.0'],
    ...['-preset', 'veryslow', '-crf', '30', '-x264-params', x264],
    ...['-color_primaries', 'bt709', '-color_trc', 'bt709', '-colorspace', 'bt709'],
    ...['-bsf:v', 'filter_units=remove_types=6', '-c:a', 'aac', '-b:a', '24k', '-shortest'],
    ...['-pat_period', '4', '-sdt_period', '60', '-pcr_period', '40'],
    ...['-metadata', 'service_name=weir', '-f', 'mpegts', OUTPUT],
  ],
  { stderr: 'inherit' },
);
if ((await child.exited) !== 0) throw new Error('ffmpeg failed');
console.log(OUTPUT, Bun.file(OUTPUT).size);
