// This file counts how often the upstream is asked for a segment that a thousand viewers want.
import { watch } from '../../support/swarm.ts';
import type { Bench } from '../contest.ts';
import { type Figure, verdict } from '../figure.ts';
import { startWeir } from '../peers.ts';

export async function singleFetchFigure(bench: Bench): Promise<Figure> {
  const viewers = bench.isQuick ? 100 : 1000;
  const lateMs = bench.isQuick ? 1000 : 10_000;
  const { origin } = bench;
  const spec = { tag: 'late', segmentMs: 6000, sizeBytes: 60_000, lateMs };
  await using weir = await startWeir({
    channels: [{ id: 'late', source: origin.url(origin.path(spec)) }],
  });
  bench.say(`${viewers} viewers, every segment ${lateMs / 1000} s late`);
  const url = weir.url('/live/late/index.m3u8');
  const rampMs = bench.isQuick ? 200 : 2000;
  const options = { url, count: viewers, rampMs, segmentTimeoutMs: 30_000 };
  const reports = await watch(options, bench.isQuick ? 5000 : 40_000);
  const counts = [...(await origin.segmentCounts('late')).values()];
  const most = Math.max(...counts);
  // Who was sent home in mid-answer at the end waited for nothing
  const seen = reports
    .flatMap((report) => report.segments)
    .filter(({ answer }) => answer.ended !== 'left');
  const whole = seen.filter(({ answer }) => answer.ended === 'whole' && answer.status === 200);
  return {
    what: `upstream fetches per segment, ${viewers.toLocaleString('en-US')} viewers, upstream ${lateMs / 1000} s late`,
    weir: `${most} at most`,
    target: 'exactly 1',
    verdict: verdict(most === 1 && whole.length > 0),
    note: `every segment's answer begins ${lateMs / 1000} s late; ${counts.length} segments fetched, ${whole.length} of ${seen.length} bodies reached viewers whole`,
  };
}
