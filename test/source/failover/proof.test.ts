// This file tests what a source must have to hear and to see before viewers are sent to it.
import { describe, expect, test } from 'bun:test';
import { AppError } from '../../../src/base/errors.ts';
import type { WatchFor } from '../../../src/media/content/judgement.ts';
import { proveShown } from '../../../src/source/failover/proof.ts';
import type { TrialDepth } from '../../../src/source/failover/trial.ts';
import type { OpenRendition } from '../../../src/source/open-source.ts';
import { adtsSound } from '../../support/adts-sound.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { scriptedOutbound } from '../../support/outbound-script.ts';
import { wholeMedia } from '../../support/scripted-source.ts';
import { readTsVector } from '../../support/ts-vectors.ts';

const BOTH: WatchFor = { silence: true, black: true };
const REACH = { policy: { headers: {}, verifyTls: true, allowDowngrade: false }, timeouts: {} };
const SILENT = adtsSound(4);
const HEARD = adtsSound(4, true);
const MUTE = await readTsVector('ffmpeg-hevc');
const CLIP = await readTsVector('ffmpeg-h264-bframes-aac');

function rendition(name: string, kind: OpenRendition['traits']['kind']): OpenRendition {
  const spec = {
    kind: 'hls',
    url: `http://up.example/${name}.m3u8`,
    imports: [],
    ...REACH,
  } as const;
  return { id: name, traits: { kind }, spec };
}
const MAIN = rendition('main', 'variant');
const SOUND = rendition('sound', 'audio');

type Shown = {
  /** What the newest segments are, in turn. */
  readonly main: readonly Uint8Array[];
  readonly sound?: Uint8Array;
  readonly depth?: TrialDepth;
  readonly watchFor?: WatchFor | undefined;
  /** Of each segment of the list. */
  readonly tags?: string;
};

/** Lists of two segments that go on by one with each poll. */
async function outcome({ main, sound, depth = 'thorough', tags = '', ...more }: Shown) {
  const clock = new FakeClock();
  const script: Record<string, () => { body: string | Uint8Array }> = {};
  const serve = (name: string, bodies: readonly Uint8Array[]) => {
    let polls = 0;
    script[`http://up.example/${name}.m3u8`] = () => {
      const first = polls++;
      const head = `#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:${first}\n`;
      const segment = (number: number) => `#EXTINF:4,\n${name}${number}.ts\n`;
      return { body: `${head}${tags}${segment(first)}${segment(first + 1)}` };
    };
    for (let number = 0; number < 9; number++) {
      const body = bodies[Math.min(number, bodies.length - 1)] as Uint8Array;
      script[`http://up.example/${name}${number}.ts`] = () => ({ body });
    }
  };
  serve('main', main);
  if (sound !== undefined) serve('sound', [sound]);
  const outbound = scriptedOutbound(script);
  const { watchFor = BOTH } = more;
  const deps = { outbound, clock, random: () => 0.5, segmentMaxBytes: 1e7 };
  const asked = 'watchFor' in more && more.watchFor === undefined ? {} : { watchFor };
  const signal = new AbortController().signal;
  const renditions = sound === undefined ? [MAIN] : [MAIN, SOUND];
  const proving = proveShown(renditions, depth, { ...deps, ...asked }, signal).then(
    () => 'proved',
    (error) =>
      error instanceof AppError ? `${error.code} ${error.detail['trouble']}` : String(error),
  );
  await clock.advance(60_000);
  return proving;
}

const KEY = '#EXT-X-KEY:METHOD=AES-128,URI="k"\n';

const ROWS: Record<string, Shown & { readonly is: string }> = {
  'it is heard': { main: [HEARD], is: 'proved' },
  'it is silent': { main: [SILENT], is: 'SOURCE_BLANK silent' },
  'it is silent, briefly looked at': { main: [SILENT], depth: 'brief', is: 'SOURCE_BLANK silent' },
  'it is silent, which is not asked': { main: [SILENT], watchFor: undefined, is: 'proved' },
  'it is silent, and black is asked': {
    main: [SILENT],
    watchFor: { silence: false, black: true },
    is: 'proved',
  },
  'it was silent a moment ago': { main: [SILENT, SILENT, HEARD], is: 'proved' },
  'it has fallen silent': { main: [HEARD, HEARD, SILENT], is: 'SOURCE_BLANK silent' },
  'it has picture and sound': { main: [CLIP], watchFor: BOTH, depth: 'brief', is: 'proved' },
  'its sound is a rendition of its own': {
    main: [MUTE],
    sound: HEARD,
    depth: 'brief',
    is: 'proved',
  },
  'its sound, which is a rendition of its own, is silent': {
    main: [MUTE],
    sound: SILENT,
    depth: 'brief',
    is: 'SOURCE_BLANK silent',
  },
  'it has no sound at all': { main: [MUTE], depth: 'brief', is: 'proved' },
  'it cannot be judged': { main: [wholeMedia()], is: 'proved' },
  'it is encrypted': {
    main: [new Uint8Array(160).fill(0x91)],
    tags: KEY,
    is: 'proved',
  },
};

describe('proveShown()', () => {
  test.each(Object.entries(ROWS))('%s', async (_name, { is, ...shown }) => {
    expect(await outcome(shown)).toBe(is);
  });
});
