// This file measures how many segments and playlists a core answers, against nginx and Varnish.
import { type Bench, type Contender, Contest, cell, newestSegment } from '../contest.ts';
import { count, type Figure, median, verdict } from '../figure.ts';
import type { ServerName } from '../server.ts';
import { runWrk } from '../wrk.ts';

const CONNECTIONS = 64;
const SEGMENT_TARGET = { nginx: 2, varnish: 1 };
const PLAYLIST_TARGET = { nginx: 1.5, varnish: 1.5 };

type Round = { readonly perSecond: number; readonly perCoreSecond: number };
type Results = ReadonlyMap<ServerName, readonly Round[]>;

/** Both rows over one set-up. */
export async function throughputFigures(bench: Bench): Promise<Figure[]> {
  if (bench.lacking.includes('wrk'))
    return [missing('cached 1.5 MB segment'), missing('live playlist')];
  await using contest = await Contest.start(bench);
  bench.say('segments');
  const segments = await interleave(bench, contest.all, newestSegment);
  bench.say('playlists');
  const lists = await interleave(
    bench,
    contest.contenders,
    async ({ playlistPath }) => playlistPath,
  );
  const note = `wrk, ${CONNECTIONS} connections, servers in turn, median of the rounds. "A core" is requests per second of processor time the server used: where the load generator's own core was full first, the plain rate says nothing about the server`;
  const copying = segments.get('nginx-copying');
  const copyingNote =
    copying === undefined
      ? ''
      : `. The nginx of the table hands the kernel pages of its cache file (sendfile); weir, Varnish and an nginx without sendfile copy each body into the socket, which is most of their time. That nginx: ${rate(copying)}: ${ratio(segments, 'nginx-copying').toFixed(2)} ×`;
  return [
    figure('cached 1.5 MB segment, one core', segments, SEGMENT_TARGET, note + copyingNote),
    figure('live playlist, one core', lists, PLAYLIST_TARGET, note),
  ];
}

/** A B C, then B C A: what else the machine does hits all alike. */
async function interleave(
  bench: Bench,
  contenders: readonly Contender[],
  pathOf: (contender: Contender) => Promise<string>,
): Promise<Results> {
  const [rounds, seconds] = bench.isQuick ? [1, 1] : [7, 3];
  const results = new Map<ServerName, Round[]>(contenders.map(({ server }) => [server.name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const contender = contenders[(round + turn) % contenders.length]!;
      const path = await pathOf(contender);
      results.get(contender.server.name)!.push(await measure(contender, path, seconds));
    }
  }
  return results;
}

async function measure({ server }: Contender, path: string, seconds: number): Promise<Round> {
  // Connections, caches and compiled code as they are in the middle of an evening
  await runWrk(server.url(path), CONNECTIONS, 1);
  const beforeMs = server.cpuMs();
  const { requests, perSecond, failed } = await runWrk(server.url(path), CONNECTIONS, seconds);
  if (failed > 0) throw new Error(`Cannot measure ${server.name}: ${failed} of ${requests} failed`);
  return { perSecond, perCoreSecond: (requests / (server.cpuMs() - beforeMs)) * 1000 };
}

function ratio(results: Results, peer: ServerName): number {
  const ours = results.get('weir') ?? [];
  const theirs = results.get(peer);
  if (theirs === undefined) return Number.NaN;
  return median(ours.map((round, index) => round.perCoreSecond / theirs[index]!.perCoreSecond));
}

function rate(rounds: readonly Round[]): string {
  const plain = median(rounds.map((round) => round.perSecond));
  const perCore = median(rounds.map((round) => round.perCoreSecond));
  return `${count(plain)}/s, a core ${count(perCore)}/s`;
}

function figure(
  what: string,
  results: Results,
  target: typeof SEGMENT_TARGET,
  note: string,
): Figure {
  const ratios = { nginx: ratio(results, 'nginx'), varnish: ratio(results, 'varnish') };
  const peer = (name: 'nginx' | 'varnish') =>
    cell(results, name, (rounds) => `${rate(rounds)}: ${ratios[name].toFixed(2)} ×`);
  const isKnown = !Number.isNaN(ratios.nginx) && !Number.isNaN(ratios.varnish);
  const isReached = ratios.nginx >= target.nginx && ratios.varnish >= target.varnish;
  return {
    what,
    weir: cell(results, 'weir', rate),
    nginx: peer('nginx'),
    varnish: peer('varnish'),
    target: `${target.nginx} × nginx, ${target.varnish} × Varnish`,
    verdict: isKnown ? verdict(isReached) : 'not measured',
    note,
  };
}

function missing(what: string): Figure {
  return { what, weir: '–', target: '–', verdict: 'not measured', note: 'wrk is missing' };
}
