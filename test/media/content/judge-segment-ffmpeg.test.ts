// This file tests on what ffmpeg makes whether a segment has anything to hear and to see.
import { describe, expect, test } from 'bun:test';
import { judgeSegment } from '../../../src/media/content/judge-segment.ts';
import type { Judgement } from '../../../src/media/content/judgement.ts';
import { madeFiles, madeHls } from '../../support/made-media.ts';
import { hasProgram } from '../../support/programs.ts';

const BOTH = { silence: true, black: true };

const SOUNDS = {
  nothing: 'anullsrc=r=48000:cl=stereo',
  tone: 'sine=frequency=440:sample_rate=48000',
  /** 60 dB below full scale: a quiet room. */
  room: 'anoisesrc=r=48000:a=0.003',
  /** 100 dB below: what a converter adds to nothing. */
  hiss: 'anoisesrc=r=48000:a=0.00001',
  surround: 'anullsrc=r=48000:cl=5.1',
  /** Nothing on the left. */
  right: 'sine=frequency=440:sample_rate=48000,pan=stereo|c0=0*c0|c1=c0',
} as const;

const TEXT = 'fontcolor=white:fontsize=h/30:x=(w-tw)/2';
const PICTURES = {
  black: 'color=black:s=SIZE:r=25',
  blue: 'color=blue:s=SIZE:r=25',
  bars: 'smptebars=s=SIZE:r=25',
  clip: 'testsrc2=s=SIZE:r=25',
  /** In a corner of a black picture, where the rest failed. */
  logo: "color=black:s=SIZE:r=25,drawtext=text='News 24':fontcolor=white:box=1:boxcolor=red:fontsize=h/14:x=w*4/5:y=h/16",
  credits: `color=black:s=SIZE:r=25,drawtext=text='Directed by Somebody Else':${TEXT}:y=h/3,drawtext=text='Music by Another':${TEXT}:y=h/2`,
  /** A sixteenth of the light, blurred, with the grain of film. */
  night:
    'testsrc2=s=SIZE:r=25,boxblur=8,lutyuv=y=16+(val-16)/16:u=128+(val-128)/8:v=128+(val-128)/8,noise=alls=3:allf=t',
  /** Nothing but grain: of this encoders of low rate leave nothing. */
  grain: 'color=0x060606:s=SIZE:r=25,noise=alls=6:allf=t+u',
} as const;

function said(judgement: Judgement | undefined): string {
  if (judgement?.kind !== 'judged') return judgement?.kind ?? 'not asked';
  return judgement.isWhole ? 'blank' : judgement.blankS > 0 ? 'blank at the end' : 'shown';
}

const X264 = '-c:v libx264 -preset veryfast -g 3 -threads 1';
const CBR = `${X264} -b:v 2M -minrate 2M -maxrate 2M -bufsize 2M -x264-params nal-hrd=cbr:force-cfr=1`;
const X265 = '-c:v libx265 -preset fast -x265-params log-level=none:keyint=3:pools=none';
const MPEG2 = '-c:v mpeg2video -g 3 -b:v 4M -minrate 4M -maxrate 4M -bufsize 1835k';

const CODED: readonly (readonly [name: string, words: string, size: string])[] = [
  ['x264', X264, '1280x720'],
  ['x264 of low rate', `${X264} -crf 28`, '640x360'],
  ['x264 with filler', CBR, '640x360'],
  ['x264 baseline (CAVLC)', `${X264} -profile:v baseline`, '640x360'],
  ['x264 in slices, interlaced', `${X264} -slices 4 -flags +ilme+ildct`, '640x360'],
  ['x265', X265, '640x360'],
  ['MPEG-2', MPEG2, '720x576'],
];

const SEEN: Readonly<Record<keyof typeof PICTURES, string>> = {
  black: 'blank',
  blue: 'blank',
  bars: 'shown',
  clip: 'shown',
  logo: 'shown',
  credits: 'shown',
  night: 'shown',
  grain: 'shown',
};

/** Inputs and outputs of one run, each input in an output of its own. */
function runOf(inputs: readonly string[], words: string): [string[], string[]] {
  const names = inputs.map((_, index) => `${index}.ts`);
  return [
    [
      ...inputs.flatMap((input) => ['-f', 'lavfi', '-i', input]),
      ...names.flatMap((name, index) => ['-map', `${index}`, ...words.split(' '), name]),
    ],
    names,
  ];
}

describe.skipIf(!hasProgram('ffmpeg'))('judgeSegment() of pictures', () => {
  test.each(CODED)(
    '%s: what is of one colour is told from what is dark, small or plain',
    async (name, words, size) => {
      const pictures = Object.values(PICTURES).map(
        (picture) => `${picture.replace('SIZE', size)},format=yuv420p`,
      );
      const files = await madeFiles(...runOf(pictures, `-frames:v 5 ${words} -f mpegts`));
      const seen = files.map((bytes) => {
        const { sound, picture } = judgeSegment(bytes, undefined, BOTH);
        expect(said(sound)).toBe('absent');
        return said(picture);
      });
      const named = Object.keys(PICTURES).map((picture, index) => [picture, seen[index]]);
      const expected = name === 'x265' ? { ...SEEN, grain: expect.anything() } : SEEN;
      expect(Object.fromEntries(named)).toEqual(expected);
    },
    90_000,
  );

  test('what becomes black in mid-segment is black at its end', async () => {
    const source = 'testsrc2=s=320x180:r=25:d=2,format=yuv420p,fade=out:25:1';
    const [bytes] = await madeFiles(...runOf([source], `${X264} -g 10 -f mpegts`));
    const { picture } = judgeSegment(bytes!, undefined, BOTH);
    expect(said(picture)).toBe('blank at the end');
    const blankS = picture?.kind === 'judged' ? picture.blankS : 0;
    expect(blankS).toBeGreaterThanOrEqual(0.75);
    expect(blankS).toBeLessThanOrEqual(1.05);
  }, 60_000);

  test('a refresh without key frames decides nothing', async () => {
    const refresh = `-c:v libx264 -preset veryfast -intra-refresh 1 -g 50 -threads 1`;
    const source = `${PICTURES.black.replace('SIZE', '320x180')},format=yuv420p`;
    const { segments } = await madeHls([
      '-f',
      'lavfi',
      '-i',
      source,
      '-t',
      '5',
      ...refresh.split(' '),
    ]);
    expect(segments.length).toBeGreaterThan(1);
    for (const segment of segments.slice(1)) {
      expect(said(judgeSegment(segment, undefined, BOTH).picture)).toBe('undecided');
    }
  }, 60_000);
});

const AAC = '-c:a aac -b:a 96k';
const CODED_SOUND: readonly (readonly [
  name: string,
  sound: keyof typeof SOUNDS,
  words: string,
  seen: string,
])[] = [
  ['AAC', 'nothing', AAC, 'blank'],
  ['AAC', 'tone', AAC, 'shown'],
  ['AAC', 'room', AAC, 'shown'],
  ['AAC of six channels', 'surround', AAC, 'blank'],
  ['AAC heard on the right alone', 'right', AAC, 'shown'],
  ['MP2', 'nothing', '-c:a mp2', 'blank'],
  ['MP2', 'hiss', '-c:a mp2', 'blank'],
  ['MP2', 'room', '-c:a mp2', 'shown'],
  ['MP2 heard on the right alone', 'right', '-c:a mp2', 'shown'],
  ['MP3', 'nothing', '-c:a libmp3lame', 'blank'],
  ['MP3', 'tone', '-c:a libmp3lame', 'shown'],
  ['AC-3', 'nothing', '-c:a ac3', 'blank'],
  ['AC-3', 'hiss', '-c:a ac3', 'blank'],
  ['AC-3', 'tone', '-c:a ac3', 'shown'],
  ['AC-3', 'room', '-c:a ac3', 'shown'],
  ['AC-3 heard on the right alone', 'right', '-c:a ac3', 'shown'],
  ['AC-3 of six channels', 'surround', '-c:a ac3 -b:a 384k', 'blank'],
  ['E-AC-3', 'nothing', '-c:a eac3', 'unknown'],
];

/** Each with its own words, in a file of this form. */
function soundRun(
  rows: readonly (readonly [sound: keyof typeof SOUNDS, words: string, form: string])[],
): [string[], string[]] {
  const names = rows.map((_, index) => `${index}.made`);
  const outputs = rows.flatMap(([, words, form], index) => [
    ...['-map', `${index}`, '-t', '1', ...words.split(' ')],
    ...['-f', form, names[index]!],
  ]);
  return [[...rows.flatMap(([sound]) => ['-f', 'lavfi', '-i', SOUNDS[sound]]), ...outputs], names];
}

const heard = (bytes: Uint8Array) => said(judgeSegment(bytes, undefined, BOTH).sound);

describe.skipIf(!hasProgram('ffmpeg'))('judgeSegment() of sound', () => {
  test('silence is told from sound in each codec', async () => {
    const rows = CODED_SOUND.map(([, sound, words]) => [sound, words, 'mpegts'] as const);
    const files = await madeFiles(...soundRun(rows));
    const seen = files.map((bytes, index) => {
      expect(said(judgeSegment(bytes, undefined, BOTH).picture)).toBe('absent');
      return [...CODED_SOUND[index]!.slice(0, 2), heard(bytes)];
    });
    expect(seen).toEqual(CODED_SOUND.map(([name, sound, , what]) => [name, sound, what]));
  }, 60_000);

  test('as packed audio', async () => {
    const forms = [
      ['adts', AAC],
      ['mp3', '-c:a libmp3lame'],
      ['ac3', '-c:a ac3'],
    ] as const;
    const rows = forms.flatMap(([form, words]) => [
      ['nothing', words, form] as const,
      ['tone', words, form] as const,
    ]);
    const seen = (await madeFiles(...soundRun(rows))).map(heard);
    expect(seen).toEqual(forms.flatMap(() => ['blank', 'shown']));
  }, 60_000);

  test('of two languages both have to be silent', async () => {
    const pair = (second: string, name: string) =>
      `-map 0 -map ${second} -t 1 ${AAC} -f mpegts ${name}`.split(' ');
    const inputs = [SOUNDS.nothing, SOUNDS.tone].flatMap((sound) => ['-f', 'lavfi', '-i', sound]);
    const words = [...inputs, ...pair('1', 'one.ts'), ...pair('0', 'none.ts')];
    expect((await madeFiles(words, ['one.ts', 'none.ts'])).map(heard)).toEqual(['shown', 'blank']);
  }, 60_000);

  test('what falls silent in mid-segment is silent at its end', async () => {
    const source = 'aevalsrc=exprs=if(lt(t\\,1)\\,sin(2000*t)\\,0):s=48000:d=2';
    const [bytes] = await madeFiles(...runOf([source], `${AAC} -f mpegts`));
    const { sound } = judgeSegment(bytes!, undefined, BOTH);
    expect(said(sound)).toBe('blank at the end');
    const blankS = sound?.kind === 'judged' ? sound.blankS : 0;
    expect(blankS).toBeGreaterThan(0.8);
    expect(blankS).toBeLessThan(1.1);
  }, 60_000);
});

describe.skipIf(!hasProgram('ffmpeg'))('judgeSegment() of both', () => {
  const words = (sound: keyof typeof SOUNDS, picture: keyof typeof PICTURES) => [
    ...['-f', 'lavfi', '-i', SOUNDS[sound]],
    ...['-f', 'lavfi', '-i', `${PICTURES[picture].replace('SIZE', '320x180')},format=yuv420p`],
    ...`-t 2 ${X264} ${AAC}`.split(' '),
  ];

  for (const form of ['mpegts', 'fmp4'] as const) {
    test.each([
      ['nothing', 'clip', 'blank', 'shown'],
      ['tone', 'black', 'shown', 'blank'],
      ['nothing', 'black', 'blank', 'blank'],
    ] as const)(
      `${form}: %s and %s`,
      async (sound, picture, heard, seen) => {
        const { segments, init } = await madeHls(words(sound, picture), form);
        expect(segments.length).toBeGreaterThan(1);
        for (const segment of segments) {
          const judged = judgeSegment(segment, init, BOTH);
          expect([said(judged.sound), said(judged.picture)]).toEqual([heard, seen]);
          const one = judgeSegment(segment, init, { silence: true, black: false });
          expect(said(one.picture)).toBe('not asked');
        }
      },
      60_000,
    );
  }
});
