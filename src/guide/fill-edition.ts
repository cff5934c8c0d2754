// This file reads the text of a guide into a new edition.
import { othersTurn } from '../base/turn.ts';
import { safeText } from '../media/m3u/safe-text.ts';
import { parseGuideChannel } from '../media/xmltv/channel.ts';
import { createXmltvDecoder } from '../media/xmltv/decode.ts';
import { createXmltvSlicer } from '../media/xmltv/slicer.ts';
import type { Edition } from './edition.ts';
import type { ImportCrew } from './import-crew.ts';
import type { ElementsRead } from './read-elements.ts';

/** Text cut at a time: some milliseconds of work. */
const STEP_BYTES = 64 * 1024;
/** Text of the programmes that are read at a time: some ten milliseconds of work. */
const BATCH_CHARS = 32 * 1024;

/** Far beyond the largest aggregators, which have some 15,000 channels and 3 million programmes. */
export const MAX_CHANNELS = 100_000;
const MAX_PROGRAMMES = 10_000_000;

export type FillOptions = { readonly signal: AbortSignal; readonly crew: ImportCrew };

/** Returns what was left out, by why. */
export async function fillEdition(
  edition: Edition,
  pieces: AsyncIterable<Uint8Array>,
  { signal, crew }: FillOptions,
): Promise<Readonly<Record<string, number>>> {
  const filling = new Filling(edition, crew);
  const slicer = createXmltvSlicer({
    take: (kind, text) =>
      kind === 'channel' ? filling.takeChannel(text) : filling.takeProgramme(text),
    problem: (kind) => filling.problem(kind),
  });
  const decoder = createXmltvDecoder();
  for await (const piece of pieces) {
    // Whoever asks this thread for a guide meanwhile waits for one piece at most
    for (let at = 0; at < piece.length; at += STEP_BYTES) {
      slicer.push(decoder.push(piece.subarray(at, at + STEP_BYTES)));
      await othersTurn();
      await filling.read();
    }
    signal.throwIfAborted();
  }
  slicer.push(decoder.end());
  slicer.end();
  await filling.end();
  return filling.problems;
}

class Filling {
  readonly problems: Record<string, number> = {};
  readonly #edition: Edition;
  readonly #crew: ImportCrew;
  #texts: string[] = [];
  #charCount = 0;
  /** Batches of what was cut, in their order. */
  #batches: string[][] = [];
  #nextAt = 0;

  constructor(edition: Edition, crew: ImportCrew) {
    this.#edition = edition;
    this.#crew = crew;
  }

  problem(kind: string): void {
    this.problems[kind] = (this.problems[kind] ?? 0) + 1;
  }

  takeChannel(text: string): void {
    const channel = parseGuideChannel(text);
    if (channel === undefined) this.problem('channel-unusable');
    else if (this.#edition.counts.channels >= MAX_CHANNELS) this.problem('too-many-channels');
    else this.#edition.addChannel({ ...channel, id: safeText(channel.id) });
  }

  takeProgramme(text: string): void {
    this.#texts.push(text);
    this.#charCount += text.length;
    if (this.#charCount >= BATCH_CHARS) this.#cut();
  }

  /** Reads what was cut so far, or has it read. */
  async read(): Promise<void> {
    for (const texts of this.#batches.splice(0)) {
      const wanted = { firstAt: this.#nextAt, texts };
      this.#nextAt += texts.length;
      await this.#crew.give({ what: 'elements', wanted }, (read) => this.#keep(read));
    }
  }

  async end(): Promise<void> {
    this.#cut();
    await this.read();
    await this.#crew.done();
  }

  #cut(): void {
    if (this.#texts.length > 0) this.#batches.push(this.#texts);
    this.#texts = [];
    this.#charCount = 0;
  }

  #keep({ rows, problems }: ElementsRead): void {
    for (const kind of problems) this.problem(kind);
    let room = MAX_PROGRAMMES - this.#edition.counts.programmes;
    for (const row of rows) {
      if (room-- <= 0) this.problem('too-many-programmes');
      else if (!this.#edition.addProgramme(row)) this.problem('too-many-channels');
    }
  }
}
