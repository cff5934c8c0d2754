// This file is what goes wrong upstream, and when.
import type { Dice } from './dice.ts';

export const BODY_FAULTS = [
  'slow',
  'no head',
  'silent body',
  'cut body',
  'late 404',
  '5xx',
  '429',
  'refused',
  'no connection',
  'other bytes',
  'other bytes, cut',
  'broken media',
] as const;

export const LIST_FAULTS = [
  'slow',
  'no head',
  'silent body',
  'cut body',
  '5xx',
  '429',
  'refused',
  'no connection',
  '404',
  'page',
  'empty',
  'no segments',
  'stale copy',
  'old copy',
  'frozen copy',
] as const;

export type BodyFault = (typeof BODY_FAULTS)[number];
export type ListFault = (typeof LIST_FAULTS)[number];

export type Spell = {
  readonly on: 'bodies' | 'lists';
  readonly fault: BodyFault | ListFault;
  readonly fromMs: number;
  readonly toMs: number;
  readonly probability: number;
  /** Of one rendition only. */
  readonly rendition: string | undefined;
};

export class Weather {
  readonly #dice: Dice;
  #spells: Spell[] = [];

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  add(spell: Spell): void {
    this.#spells.push(spell);
  }

  calm(): void {
    this.#spells = [];
  }

  bodyFault(nowMs: number, rendition: string): BodyFault | undefined {
    return this.#fault('bodies', nowMs, rendition)?.fault as BodyFault | undefined;
  }

  /** With the spell itself: a copy is as old as the spell says. */
  listFault(nowMs: number, rendition: string): Spell | undefined {
    return this.#fault('lists', nowMs, rendition);
  }

  #fault(on: Spell['on'], nowMs: number, rendition: string): Spell | undefined {
    return this.#spells.find(
      (spell) =>
        spell.on === on &&
        nowMs >= spell.fromMs &&
        nowMs < spell.toMs &&
        (spell.rendition === undefined || spell.rendition === rendition) &&
        this.#dice.chance(spell.probability),
    );
  }
}
