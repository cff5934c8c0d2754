// This file plans the answers of a simulated upstream, whole or spoilt.
import type { Dice } from './dice.ts';
import type { BodyFault, ListFault } from './weather.ts';
import type { Plan } from './wire.ts';

const text = new TextEncoder();

export class Plans {
  readonly #dice: Dice;
  readonly #latencyMs: number;

  constructor(dice: Dice, latencyMs: number) {
    this.#dice = dice;
    this.#latencyMs = latencyMs;
  }

  text(body: string): Plan {
    return this.whole(text.encode(body));
  }

  whole(body: Uint8Array): Plan {
    const latencyMs = this.#latencyMs;
    const pieces = Math.min(4, Math.ceil(body.length / 300));
    const headMs = latencyMs * this.#dice.between(1, 2);
    return { connect: latencyMs, status: 200, headMs, body, pieces, gapMs: latencyMs / 2 };
  }

  status(status: number, headers: Readonly<Record<string, string>> = {}): Plan {
    return { ...this.text(`status ${status}`), status, headers };
  }

  /** Faults that any answer may have. */
  spoilt(fault: BodyFault | ListFault | undefined, plan: Plan): Plan {
    const pieces = this.#dice.whole(0, Math.max(0, plan.pieces - 1));
    switch (fault) {
      case 'slow':
        return { ...plan, headMs: this.#dice.between(200, 3000) };
      case 'no head':
        return { ...plan, headMs: 'never' };
      case 'silent body':
        return { ...plan, endAfter: { pieces, how: 'silent' } };
      case 'cut body':
        return { ...plan, endAfter: { pieces, how: 'closed' } };
      case '5xx':
        return this.status(this.#dice.pick([500, 502, 503, 504]));
      case '429':
        return this.status(429, this.#dice.chance(0.5) ? { 'retry-after': '2' } : {});
      case 'refused':
        return { ...plan, connect: 'refused' };
      case 'no connection':
        return { ...plan, connect: 'never' };
      default:
        return plan;
    }
  }
}
