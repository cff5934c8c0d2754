// This file shares the work of an import between this thread and another.
import { othersTurn } from '../base/turn.ts';
import { ImportThread } from './import-thread.ts';
import { doWork, type ImportDone, type ImportWork } from './import-work.ts';

/**
 * ```
 *   work ─┬─► the other thread, while it has room ─┬─► kept here, in whatever order it is done
 *         └─► this one, where it has none ─────────┘
 * ```
 */
export class ImportCrew implements Disposable {
  readonly #thread: ImportThread | undefined;
  readonly #underWay = new Set<Promise<void>>();
  /** What went wrong while nobody was waiting for it. */
  #failure: { readonly error: unknown } | undefined;

  /** `second`: entry of the other thread; absent: all is done here. */
  constructor(second: URL | undefined) {
    this.#thread = second === undefined ? undefined : new ImportThread(second);
  }

  /** Resolves when more may be given. Rejects with what went wrong with this or with earlier work. */
  async give<W extends ImportWork>(
    work: W,
    keep: (done: ImportDone[W['what']]) => void,
  ): Promise<void> {
    if (this.#thread?.hasRoom === true) this.#begin(this.#thread.do(work).then(keep));
    else {
      keep(doWork(work) as ImportDone[W['what']]);
      await othersTurn();
    }
    this.#throwFailure();
  }

  /** Resolves when all that was given is kept. */
  async done(): Promise<void> {
    await Promise.all(this.#underWay);
    this.#throwFailure();
  }

  /** What is under way is not kept any more. */
  [Symbol.dispose](): void {
    this.#thread?.[Symbol.dispose]();
  }

  #begin(working: Promise<void>): void {
    const done = working
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
