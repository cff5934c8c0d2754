// This file is one simulated world: what feeds it, its weather, weir and its viewers.
import { SimArchive } from './archive.ts';
import { Audience } from './audience.ts';
import { judgeCalm, judgeFailover, judgeRestart, judgeStream } from './calm.ts';
import { Checker } from './checker.ts';
import { Dice } from './dice.ts';
import { Journal } from './journal.ts';
import type { Outcome, Shape } from './outcome.ts';
import { Disk, Server } from './server.ts';
import type { ViewerWorld } from './session.ts';
import { SimClock } from './sim-clock.ts';
import { SLATE_TARGET_S } from './slate.ts';
import { drawBlackout, drawHappenings, drawOutages, drawSpells } from './storm.ts';
import { Upstream, type UpstreamOptions } from './upstream.ts';
import { Upstreams } from './upstreams.ts';
import { type Habit, Viewer } from './viewer.ts';
import { type Spell, Weather } from './weather.ts';
import { createWire, type Plan } from './wire.ts';
import {
  drawBackup,
  drawWorld,
  PROVIDER,
  type WorldOptions,
  withMedia,
  withSlate,
} from './world-options.ts';

/** Far from any seed that is played. */
const BACKUP_SEED = 1_000_000_007;
const SLATE_SEED = 2_000_000_011;
const STREAM_SEED = 3_000_000_019;
/** So much longer is the storm: long enough that all sources are found to be down, and back. */
const BLACKOUT_MS = 30_000;
const STEADY: Habit = { isProbe: false, slowMs: 0, leaves: 0, looksBack: 0, isPatient: true };

export class World {
  readonly #clock = new SimClock();
  readonly #dice: Dice;
  readonly #journal: Journal;
  readonly #options: WorldOptions;
  readonly #weather: Weather;
  readonly #backupWeather: Weather;
  /** Of the second source alone: without it the world is the same. */
  readonly #backupDice: Dice;
  readonly #slateDice: Dice;
  readonly #streamDice: Dice;
  readonly #upstream: Upstreams;
  readonly #checker: Checker;
  readonly #disk = new Disk(this.#clock);
  readonly #outbound: ReturnType<typeof createWire>;
  readonly #viewers: Viewer[] = [];
  /** Of endless streams; undefined where the world has none. */
  readonly #audience: Audience | undefined;
  readonly #archive: SimArchive | undefined;
  #server: Server;
  #switches = 0;

  constructor(seed: number, isTold: boolean, shape: Shape) {
    this.#dice = new Dice(seed);
    this.#backupDice = new Dice(seed + BACKUP_SEED);
    this.#slateDice = new Dice(seed + SLATE_SEED);
    this.#streamDice = new Dice(seed + STREAM_SEED);
    this.#journal = new Journal(this.#clock, isTold);
    const drawn = drawWorld(this.#dice.fork());
    const fed = shape.sources === 1 ? drawn : drawBackup(this.#backupDice.fork(), drawn);
    const slated = shape.hasSlate ? withSlate(fed) : fed;
    this.#options = shape.hasStreams ? withMedia(slated) : slated;
    this.#weather = new Weather(this.#dice.fork());
    this.#backupWeather = new Weather(this.#backupDice.fork());
    const { upstream, idleStopMs, isTight, kind, backup } = this.#options;
    const mayFetchAgain =
      isTight || kind === 'computed' || upstream.form !== 'ts' || upstream.signsNames;
    const main = new Upstream(this.#clock, this.#dice.fork(), this.#weather, upstream);
    const slateTargetS = this.#options.hasSlate ? SLATE_TARGET_S : 0;
    this.#upstream = new Upstreams(main, this.#createBackup(backup), slateTargetS);
    // What a trial had, and what was taken back, is fetched again
    const isTwice = mayFetchAgain || this.#upstream.areSeveral;
    // Whoever fetches has a place at the provider
    const { channels: all, connections = all.length } = this.#options;
    const channels = Math.min(all.length, connections);
    const isMedia = upstream.isMedia === true;
    const { hasArchive = false } = shape;
    this.#archive = hasArchive ? SimArchive.draw(seed, this.#options, this.#journal) : undefined;
    // An archived channel runs without viewers
    const stopMs = this.#archive === undefined ? idleStopMs : Number.POSITIVE_INFINITY;
    const limits = { idleStopMs: stopMs, mayFetchAgain: isTwice, channels, isMedia };
    this.#checker = new Checker(this.#journal, limits, this.#upstream);
    this.#outbound = createWire(this.#clock, {
      plan: (request) => {
        const plan = this.#upstream.plan(request);
        this.#journal.tell(`upstream: ${request.url} ${told(plan)}`);
        return plan;
      },
      onOpen: (call) => this.#checker.opened(call),
      onClose: (call) => this.#checker.closed(call),
      onWhole: (...whole) => this.#checker.whole(...whole),
    });
    this.#server = this.#start();
    const watched = { ...this.#viewerWorld(this.#streamDice), upstream: this.#upstream };
    this.#audience = isMedia ? new Audience(watched) : undefined;
    this.#clock.onStep = () => this.#checker.step(this.#clock.monotonicMs(), this.#server.ring);
  }

  outcome(seed: number): Outcome {
    const sum = (count: (viewer: Viewer) => number) =>
      this.#viewers.reduce((total, viewer) => total + count(viewer), 0);
    return {
      seed,
      breaches: this.#journal.breaches,
      journal: this.#journal.lines,
      digest: this.#journal.digest,
      kind: this.#options.kind,
      virtualMs: this.#clock.monotonicMs(),
      playlists: sum((viewer) => viewer.playlists),
      bodies: sum((viewer) => viewer.bodies),
      switches: this.#switches,
      slateBodies: this.#checker.slateBodies,
      pieces: this.#audience?.pieces ?? 0,
      archived: this.#archive?.promised ?? 0,
    };
  }

  async run(): Promise<void> {
    const { kind, upstream, backup } = this.#options;
    this.#journal.note(`a world of ${kind}: ${JSON.stringify(upstream)}`);
    if (backup !== undefined) this.#journal.note(`and a backup: ${JSON.stringify(backup)}`);
    const ownMs = upstream.durationMs * this.#dice.whole(5, 11);
    const stormMs = ownMs + (this.#options.hasSlate ? BLACKOUT_MS : 0);
    this.#plan(this.#dice.between(0, 3000), stormMs);
    for (let count = this.#dice.whole(1, 4); count > 0; count--) this.#expectViewer(stormMs);
    this.#audience?.expect(this.#streamDice, stormMs);
    this.#archive?.watch(this.#clock);
    await this.#clock.advance(stormMs + 3000);
    await this.#calm();
    await this.#archive?.judgeCalm((ms) => this.#clock.advance(ms));
    await this.#leave();
    if (this.#dice.chance(0.3)) await this.#calm();
    this.#countSwitches();
    this.#server.kill();
  }

  #plan(fromMs: number, lastsMs: number): void {
    const { main, backup } = this.#upstream;
    this.#expect('', main, this.#weather, this.#dice.fork(), fromMs, lastsMs);
    this.#expectBlackout(fromMs, lastsMs);
    if (backup === undefined) return;
    this.#expect('backup: ', backup, this.#backupWeather, this.#backupDice, fromMs, lastsMs);
    for (const spell of drawOutages(this.#backupDice, fromMs, lastsMs)) {
      this.#tell('', spell);
      this.#weather.add(spell);
    }
  }

  #expectBlackout(fromMs: number, lastsMs: number): void {
    if (!this.#options.hasSlate) return;
    const spell = drawBlackout(this.#slateDice, fromMs, lastsMs);
    this.#tell('all: ', spell);
    for (const weather of [this.#weather, this.#backupWeather]) weather.add(spell);
  }

  /** What happens at one of the sources, and to weir meanwhile. */
  #expect(
    whose: string,
    upstream: Upstream,
    weather: Weather,
    dice: Dice,
    fromMs: number,
    lastsMs: number,
  ): void {
    for (const spell of drawSpells(dice, fromMs, lastsMs, upstream)) {
      weather.add(spell);
      this.#tell(whose, spell);
    }
    const happenings = drawHappenings(dice, fromMs, lastsMs, {
      upstream,
      server: () => this.#server,
      restart: (how) => this.#restart(how),
      crash: () => this.#crash(),
      kind: upstream === this.#upstream.main ? this.#options.kind : 'hls',
    });
    for (const { atMs, name, run } of happenings) {
      this.#clock.after(atMs, () => {
        this.#journal.note(`${whose}${name}`);
        run();
      });
    }
  }

  #tell(whose: string, { on, fault, probability, fromMs, toMs }: Spell): void {
    this.#clock.after(fromMs, () => {
      this.#journal.note(`${whose}weather: ${on} ${fault} × ${probability} until ${toMs / 1000}`);
    });
  }

  #createBackup(options: UpstreamOptions | undefined): Upstream | undefined {
    if (options === undefined) return undefined;
    return new Upstream(this.#clock, this.#backupDice.fork(), this.#backupWeather, options);
  }

  #expectViewer(withinMs: number): void {
    const dice = this.#dice.fork();
    const habit: Habit = {
      isProbe: dice.chance(0.2),
      slowMs: dice.pick([0, 0, 40, 2000]),
      leaves: dice.pick([0, 0, 0.02, 0.2]),
      looksBack: dice.pick([0, 0.3]),
      isPatient: false,
    };
    const startMs = dice.chance(0.5) ? dice.between(0, 500) : dice.between(0, withinMs);
    this.#clock.after(startMs, () => this.#admit(dice, habit));
  }

  #admit(dice: Dice, habit: Habit): Viewer {
    const name = `viewer ${this.#viewers.length + 1}`;
    this.#journal.note(`${name} comes: ${JSON.stringify(habit)}`);
    const viewer = new Viewer(name, this.#viewerWorld(dice), dice, habit);
    this.#viewers.push(viewer);
    void viewer.watch();
    return viewer;
  }

  #viewerWorld(dice: Dice): ViewerWorld {
    const { channels } = this.#options;
    return {
      clock: this.#clock,
      channel: (channels.length === 1 ? channels[0]! : dice.pick(channels)).id,
      checker: this.#checker,
      journal: this.#journal,
      server: () => this.#server,
    };
  }

  /** No faults any more, and somebody watches. */
  async #calm(): Promise<void> {
    this.#journal.note('calm');
    this.#weather.calm();
    this.#backupWeather.calm();
    if (this.#options.kind !== 'finished') {
      for (const { encoder } of this.#upstream.all) encoder.resume();
    }
    while (!this.#server.isUp) await this.#clock.advance(100);
    const world = {
      clock: this.#clock,
      options: this.#options,
      upstream: this.#upstream,
      checker: this.#checker,
      journal: this.#journal,
      viewer: this.#admit(this.#dice.fork(), STEADY),
    };
    const box = this.#audience?.steady(this.#streamDice.fork());
    await judgeCalm(world);
    if (box !== undefined) await judgeStream(world, box);
    if (box !== undefined) await judgeFailover(world, box, this.#weather);
    const { kind, backup } = this.#options;
    if (kind === 'computed' && backup === undefined) await judgeRestart(world);
  }

  /** I7: everybody goes, and after a while so does everything upstream. */
  async #leave(): Promise<void> {
    this.#journal.note('all leave');
    for (const viewer of this.#viewers) viewer.leave();
    this.#audience?.leave();
    await this.#clock.advance(this.#options.idleStopMs + 20_000);
    this.#audience?.judgeGone(this.#server);
    await this.#audience?.askHead();
    this.#checker.judgeLeases(this.#clock.monotonicMs(), this.#server.leases.stats());
  }

  /** Switches of a run of weir that ends now. */
  #countSwitches(): void {
    for (const relay of this.#server.relays.all()) {
      for (const count of relay.stats().switches.values()) this.#switches += count;
    }
  }

  #start(): Server {
    const { channels, ahead, idleStopMs, memoryBytes } = this.#options;
    const onForget = (key: string, because: string) => this.#checker.forgot(key, because);
    const onDropped = (others: readonly string[]) => this.#checker.dropped(others);
    const { connections } = this.#options;
    const limits = new Map(connections === undefined ? [] : [[PROVIDER, connections]]);
    const archive = this.#archive === undefined ? {} : { archive: this.#archive };
    const hooks = { onForget, onDropped, ...archive };
    const settings = { channels, ahead, idleStopMs, memoryBytes, limits, ...hooks };
    const dice = this.#dice.fork();
    return new Server(this.#clock, dice, this.#outbound, this.#disk, settings);
  }

  #crash(): void {
    this.#upstream.forget();
    this.#checker.forgetFetched();
    this.#server.threads.crash();
  }

  #restart(how: 'stop' | 'kill' | 'power cut'): void {
    if (!this.#server.isUp) return;
    this.#countSwitches();
    if (how === 'stop') this.#server.stop();
    else this.#server.kill();
    const isLost = how === 'power cut';
    if (isLost) this.#disk.lose(1000);
    this.#checker.wentDown(this.#disk.savedMs, isLost);
    this.#archive?.check();
    this.#clock.after(this.#dice.pick([300, 2000, 8000]), () => {
      this.#journal.note('weir starts');
      this.#server = this.#start();
    });
  }
}

function told({ connect, status, headMs, pieces, endAfter }: Plan): string {
  const end = endAfter === undefined ? '' : ` ${endAfter.how} after ${endAfter.pieces}/${pieces}`;
  return `${status} connect ${connect} head ${headMs}${end}`;
}
