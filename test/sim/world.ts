// This file is one simulated world: an upstream, its weather, weir and its viewers.
import { judgeCalm, judgeRestart } from './calm.ts';
import { Checker } from './checker.ts';
import { Dice } from './dice.ts';
import { Journal } from './journal.ts';
import { Disk, Server } from './server.ts';
import type { ViewerWorld } from './session.ts';
import { SimClock } from './sim-clock.ts';
import { drawHappenings, drawSpells } from './storm.ts';
import { Upstream } from './upstream.ts';
import { type Habit, Viewer } from './viewer.ts';
import { Weather } from './weather.ts';
import { createWire, type Plan } from './wire.ts';
import { drawWorld, type WorldOptions } from './world-options.ts';

export type Outcome = {
  readonly seed: number;
  readonly breaches: readonly string[];
  readonly journal: string;
  /** Equal for two runs of the same seed. */
  readonly digest: string;
  readonly kind: string;
  readonly virtualMs: number;
  readonly playlists: number;
  readonly bodies: number;
};

const STEADY: Habit = { isProbe: false, slowMs: 0, leaves: 0, looksBack: 0, isPatient: true };

export class World {
  readonly #clock = new SimClock();
  readonly #dice: Dice;
  readonly #journal: Journal;
  readonly #options: WorldOptions;
  readonly #weather: Weather;
  readonly #upstream: Upstream;
  readonly #checker: Checker;
  readonly #disk = new Disk(this.#clock);
  readonly #outbound: ReturnType<typeof createWire>;
  readonly #viewers: Viewer[] = [];
  #server: Server;

  constructor(seed: number, isTold: boolean) {
    this.#dice = new Dice(seed);
    this.#journal = new Journal(this.#clock, isTold);
    this.#options = drawWorld(this.#dice.fork());
    this.#weather = new Weather(this.#dice.fork());
    const { upstream, idleStopMs, isTight, kind } = this.#options;
    const mayFetchAgain =
      isTight || kind === 'computed' || upstream.form !== 'ts' || upstream.signsNames;
    this.#upstream = new Upstream(this.#clock, this.#dice.fork(), this.#weather, upstream);
    const limits = { idleStopMs, mayFetchAgain, channels: this.#options.channels.length };
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
    };
  }

  async run(): Promise<void> {
    const { kind, upstream } = this.#options;
    this.#journal.note(`a world of ${kind}: ${JSON.stringify(upstream)}`);
    const stormMs = upstream.durationMs * this.#dice.whole(5, 11);
    this.#plan(this.#dice.between(0, 3000), stormMs);
    for (let count = this.#dice.whole(1, 4); count > 0; count--) this.#expectViewer(stormMs);
    await this.#clock.advance(stormMs + 3000);
    await this.#calm();
    await this.#leave();
    if (this.#dice.chance(0.3)) await this.#calm();
    this.#server.kill();
  }

  #plan(fromMs: number, lastsMs: number): void {
    const dice = this.#dice.fork();
    for (const spell of drawSpells(dice, fromMs, lastsMs, this.#upstream)) {
      this.#weather.add(spell);
      this.#clock.after(spell.fromMs, () => {
        this.#journal.note(
          `weather: ${spell.on} ${spell.fault} × ${spell.probability} until ${spell.toMs / 1000}`,
        );
      });
    }
    const happenings = drawHappenings(dice, fromMs, lastsMs, {
      upstream: this.#upstream,
      server: () => this.#server,
      restart: (how) => this.#restart(how),
      crash: () => this.#crash(),
      kind: this.#options.kind,
    });
    for (const { atMs, name, run } of happenings) {
      this.#clock.after(atMs, () => {
        this.#journal.note(name);
        run();
      });
    }
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
    if (this.#options.kind !== 'finished') this.#upstream.encoder.resume();
    while (!this.#server.isUp) await this.#clock.advance(100);
    const world = {
      clock: this.#clock,
      options: this.#options,
      upstream: this.#upstream,
      checker: this.#checker,
      journal: this.#journal,
      viewer: this.#admit(this.#dice.fork(), STEADY),
    };
    await judgeCalm(world);
    if (this.#options.kind === 'computed') await judgeRestart(world);
  }

  /** I7: everybody goes, and after a while so does everything upstream. */
  async #leave(): Promise<void> {
    this.#journal.note('all leave');
    for (const viewer of this.#viewers) viewer.leave();
    await this.#clock.advance(this.#options.idleStopMs + 20_000);
  }

  #start(): Server {
    const { channels, ahead, idleStopMs, memoryBytes } = this.#options;
    const onForget = (key: string, because: string) => this.#checker.forgot(key, because);
    const onDropped = (others: readonly string[]) => this.#checker.dropped(others);
    const settings = { channels, ahead, idleStopMs, memoryBytes, onForget, onDropped };
    const dice = this.#dice.fork();
    return new Server(this.#clock, dice, this.#outbound, this.#disk, settings);
  }

  #crash(): void {
    this.#upstream.isForgotten = true;
    this.#checker.forgetFetched();
    this.#server.threads.crash();
  }

  #restart(how: 'stop' | 'kill' | 'power cut'): void {
    if (!this.#server.isUp) return;
    if (how === 'stop') this.#server.stop();
    else this.#server.kill();
    const isLost = how === 'power cut';
    if (isLost) this.#disk.lose(1000);
    this.#checker.wentDown(this.#disk.savedMs, isLost);
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
