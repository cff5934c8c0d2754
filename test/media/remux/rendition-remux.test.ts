// This file tests how segments of any container become those that players of a rendition know.
import { beforeAll, describe, expect, test } from 'bun:test';
import { FormatError } from '../../../src/base/errors.ts';
import { sniffContainer } from '../../../src/media/container.ts';
import { parseInit } from '../../../src/media/fmp4/init.ts';
import { parseMediaSegment } from '../../../src/media/fmp4/media-segment.ts';
import { Fmp4Maker } from '../../../src/media/remux/fmp4-maker.ts';
import { type Form, formOfInit, formOfTransport } from '../../../src/media/remux/form.ts';
import { createMpegtsInput } from '../../../src/media/remux/mpegts-to-units.ts';
import {
  type ClearBody,
  formOf,
  RenditionRemux,
} from '../../../src/media/remux/rendition-remux.ts';
import { inspectTs } from '../../support/ts-inspect.ts';
import { readTsVector } from '../../support/ts-vectors.ts';

const BOTH = ['video', 'audio'] as const;
const transport = (kinds: readonly ('video' | 'audio')[], pid = 0x1e1): Form => ({
  container: 'mpegts',
  program: {
    program: 7,
    pmtPid: 0x1e0,
    streams: kinds.map((kind, index) => ({ kind, pid: pid + index })),
  },
});
const fragments = (kinds: readonly ('video' | 'audio')[]): Form => ({
  container: 'fmp4',
  tracks: kinds.map((kind, index) => ({ kind, trackId: index + 4, timescale: 48_000 })),
});

describe('RenditionRemux', () => {
  let ts: ClearBody;
  let fmp4: ClearBody;

  beforeAll(async () => {
    ts = { bytes: await readTsVector('ffmpeg-h264-bframes-aac') };
    const made = new Fmp4Maker(createMpegtsInput()).make(ts.bytes);
    fmp4 = { bytes: made.segment, init: made.init };
  });

  test('fMP4 becomes MPEG-TS at the PIDs that players look at', () => {
    const made = new RenditionRemux(transport(BOTH)).take(fmp4);
    expect(made?.init).toBeUndefined();
    expect(formOfTransport(made!.segment)).toEqual(transport(BOTH));
    const seen = inspectTs(made!.segment);
    expect([seen.problems, [...seen.streams]]).toEqual([
      [],
      [
        [0x1e1, 0x1b],
        [0x1e2, 0x0f],
      ],
    ]);
  });

  test('MPEG-TS becomes fMP4 of the tracks that players know', () => {
    const made = new RenditionRemux(fragments(BOTH)).take(ts);
    expect(formOfInit(made!.init!)).toEqual(fragments(BOTH));
  });

  test('MPEG-TS stays as it is where it has nothing of another rendition', () => {
    expect(new RenditionRemux(transport(BOTH)).take(ts)).toBeUndefined();
  });

  test.each(['video', 'audio'] as const)('of muxed MPEG-TS a rendition of %s gets that', (kind) => {
    const made = new RenditionRemux(transport([kind])).take(ts);
    expect(formOfTransport(made!.segment)).toEqual(transport([kind]));
    expect(inspectTs(made!.segment).problems).toEqual([]);
  });

  test('fMP4 is made anew: its parameter sets are in its samples then, under known ids', () => {
    const made = new RenditionRemux(fragments(['audio', 'video'])).take(fmp4);
    expect(formOfInit(made!.init!)).toEqual(fragments(['audio', 'video']));
    const count = parseMediaSegment(fmp4.bytes, parseInit(fmp4.init!)).length;
    expect(parseMediaSegment(made!.segment, parseInit(made!.init!))).toHaveLength(count);
  });

  test('fMP4 whose own init segment nobody could read is left alone', () => {
    expect(new RenditionRemux({ container: 'fmp4', tracks: [] }).take(fmp4)).toBeUndefined();
  });

  test('counters go on from segment to segment, and begin anew behind another source', () => {
    const remux = new RenditionRemux(transport(BOTH));
    const parts = [remux.take(fmp4), remux.take(fmp4)].map((made) => made!.segment);
    const problems = inspectTs(Buffer.concat(parts)).problems;
    expect(problems.filter((problem) => JSON.stringify(problem).includes('counter'))).toEqual([]);
    expect(remux.take(ts)).toBeUndefined();
    expect(remux.take(fmp4)?.segment).toEqual(parts[0]!);
  });

  test.each([
    ['WebVTT', new TextEncoder().encode('WEBVTT\n\n'), 'it is webvtt'],
    ['nothing known', new Uint8Array(300), 'it is unknown'],
  ])('%s is refused', (_, bytes, says) => {
    expect(() => new RenditionRemux(transport(BOTH)).take({ bytes })).toThrow(FormatError);
    expect(() => new RenditionRemux(transport(BOTH)).take({ bytes })).toThrow(says);
  });

  test('the form of a body is told by its tables, or its init segment', () => {
    expect(formOf(sniffContainer(ts.bytes), ts)).toMatchObject({
      container: 'mpegts',
      program: { program: 1, pmtPid: 0x1000, streams: [{ kind: 'video' }, { kind: 'audio' }] },
    });
    expect(formOf('fmp4', fmp4)).toMatchObject({ container: 'fmp4', tracks: [{}, {}] });
    expect(formOf('fmp4', { bytes: fmp4.bytes })).toBeUndefined();
    expect(formOf('mpegts', { bytes: ts.bytes.slice(188 * 3, 188 * 4) })).toBeUndefined();
  });
});
