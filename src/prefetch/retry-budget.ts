// This file bounds how much of the upstream's load our retries may be.

/** Retries saved up for a burst of failures. */
const BURST = 10;
/** Retries earned by a first attempt: at most a fifth of all requests. */
const EARNED_PER_ATTEMPT = 0.2;

export class RetryBudget {
  #tokens = BURST;

  /** A first attempt is made. */
  earn(): void {
    this.#tokens = Math.min(BURST, this.#tokens + EARNED_PER_ATTEMPT);
  }

  /** True where a retry may be made now. */
  spend(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
