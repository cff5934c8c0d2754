// This file bounds the retries of one rendition by whether they help.

/** Retries saved up for a burst of failures. */
const BURST = 10;
/** Retries earned by a first attempt, whatever comes of it. */
const EARNED_PER_ATTEMPT = 0.2;
/** A retry that brought its body pays for itself and for one that did not. */
const EARNED_PER_HELP = 2;

/**
 * An origin that answers at the second try costs no picture, however often it does so; one that
 * does not answer at all is asked little more than one that does.
 * Invariant: retries in vain ≤ BURST + a fifth of the first attempts + retries that helped, and of
 * the latter a body has one at most.
 */
export class RetryBudget {
  #tokens = BURST;

  /** A first attempt is made. */
  earn(): void {
    this.#add(EARNED_PER_ATTEMPT);
  }

  /** True where a retry may be made now. */
  spend(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** A retry that was paid for brought the body whole. */
  helped(): void {
    this.#add(EARNED_PER_HELP);
  }

  #add(tokens: number): void {
    this.#tokens = Math.min(BURST, this.#tokens + tokens);
  }
}
