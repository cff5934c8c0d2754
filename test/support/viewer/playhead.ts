// This file reckons when a player's picture begins and how long it stands still.

export class Playhead {
  readonly #startedAtMs = performance.now();
  #bufferedUntilMs: number | undefined;
  firstPictureMs: number | undefined;
  stalledMs = 0;

  /** A segment has arrived whole. What arrives after the buffer ran out has been waited for. */
  add(durationMs: number): void {
    const atMs = performance.now();
    this.firstPictureMs ??= atMs - this.#startedAtMs;
    const untilMs = this.#bufferedUntilMs ?? atMs;
    this.stalledMs += Math.max(0, atMs - untilMs);
    this.#bufferedUntilMs = Math.max(atMs, untilMs) + durationMs;
  }
}
