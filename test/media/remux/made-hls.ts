// This file has ffmpeg make the fMP4 that is remuxed in tests.
import { join } from 'node:path';
import { runProgram } from '../../support/programs.ts';
import { createTempFolder } from '../../support/temp-folder.ts';

/** Five seconds, so that the last segment is shorter than the others. */
const PICTURE = '-f lavfi -i testsrc=size=192x108:rate=25:duration=5,format=yuv420p';
const TONE = '-f lavfi -i sine=frequency=440:duration=5';
const LOW = '-f lavfi -i sine=frequency=220:duration=5:sample_rate=48000';
const AVC = '-c:v libx264 -preset veryfast -g 50';
const HEVC = '-c:v libx265 -preset ultrafast -tag:v hvc1';
const X265 = '-x265-params log-level=error:keyint=50:bframes=3:open-gop=0';
const HLS = '-f hls -hls_time 2 -hls_list_size 0 -hls_segment_type fmp4';
const NAMES = '-hls_segment_filename %d.m4s index.m3u8';
const GROUP = '-var_stream_map v:0,agroup:a,name:v|a:0,agroup:a,name:a';

/** Folder and what is made in it, with one ffmpeg each. */
const SHAPES = {
  'h264-bframes-aac': `-map 0 -map 1 ${AVC} -bf 3 -c:a aac -b:a 64k ${HLS} ${NAMES}`,
  'hevc-ac3': `-map 0 -map 1 ${HEVC} ${X265} -c:a ac3 ${HLS} ${NAMES}`,
  'h264-eac3': `-map 0 -map 1 ${AVC} -bf 0 -c:a eac3 ${HLS} ${NAMES}`,
  'aac-only': `-map 1 -c:a aac -ar 48000 ${HLS} ${NAMES}`,
  'mp3-only': `-map 1 -c:a libmp3lame ${HLS} ${NAMES}`,
  'video-only': `-map 0 ${AVC} -bf 2 ${HLS} ${NAMES}`,
  'two-audio': `-map 0 -map 1 -map 2 ${AVC} -c:a:0 aac -c:a:1 ac3 -metadata:s:a:1 language=deu ${HLS} ${NAMES}`,
  'avc3-in-band': `-map 0 -map 1 ${AVC} -bsf:v dump_extra=freq=keyframe -tag:v avc3 -c:a aac ${HLS} ${NAMES}`,
  'separate-audio': `-map 0 -map 1 ${AVC} -bf 2 -c:a aac ${HLS} ${GROUP} -hls_fmp4_init_filename init.mp4 -hls_segment_filename %v-%d.m4s index-%v.m3u8`,
  'negative-offsets': `-map 0 -map 1 ${AVC} -bf 3 -c:a aac -f mp4 -movflags frag_keyframe+empty_moov+default_base_moof+negative_cts_offsets whole.mp4`,
  'absolute-offsets': `-map 0 -map 1 ${AVC} -bf 3 -c:a aac -f mp4 -movflags frag_keyframe+empty_moov whole.mp4`,
  'relative-offsets': `-map 0 -map 1 ${AVC} -bf 3 -c:a aac -f mp4 -movflags frag_keyframe+empty_moov+omit_tfhd_offset whole.mp4`,
  'small-fragments': `-map 0 -map 1 ${AVC} -bf 3 -c:a aac -f mp4 -frag_duration 200000 -movflags empty_moov+default_base_moof whole.mp4`,
  'moof-per-track': `-map 0 -map 1 ${AVC} -bf 3 -c:a aac -f mp4 -movflags frag_keyframe+empty_moov+default_base_moof+separate_moof whole.mp4`,
} as const;

export type Shape = keyof typeof SHAPES;

export type MadeHls = {
  readonly path: (shape: Shape, name: string) => string;
  readonly read: (shape: Shape, name: string) => Promise<Uint8Array>;
  readonly write: (name: string, bytes: Uint8Array) => Promise<string>;
  readonly [Symbol.asyncDispose]: () => PromiseLike<void>;
};

export async function makeHls(): Promise<MadeHls> {
  const folder = await createTempFolder();
  const path = (shape: Shape, name: string): string => join(folder.path, shape, name);
  const inputs = `${PICTURE} ${TONE} ${LOW}`;
  for (const [shape, words] of Object.entries(SHAPES)) {
    await runProgram(['mkdir', join(folder.path, shape)], 5_000);
    // The names of variants have a space between them.
    const output = words.split(' ').map((word) => word.replace('|', ' '));
    const cmd = ['ffmpeg', '-nostdin', '-loglevel', 'error', '-threads', '1', ...inputs.split(' ')];
    const all = ['env', '-C', join(folder.path, shape), ...cmd, '-threads', '1', ...output];
    const made = await runProgram(all, 60_000);
    if (made.code !== 0) throw new Error(`ffmpeg failed to make ${shape}: ${made.stderr}`);
  }
  return {
    path,
    read: async (shape, name) => new Uint8Array(await Bun.file(path(shape, name)).arrayBuffer()),
    write: async (name, bytes) => {
      await folder.write(name, bytes);
      return join(folder.path, name);
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
