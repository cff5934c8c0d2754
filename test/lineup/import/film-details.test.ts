// This file tests that an account is asked about a film once, and that nobody waits long for it.
import { describe, expect, test } from 'bun:test';
import type { Film, Particulars } from '../../../src/lineup/films.ts';
import { FilmDetails } from '../../../src/lineup/import/film-details.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const film = (number: number, more: Partial<Film> = {}): Film => ({
  id: `film-${number}`,
  name: `Film ${number}`,
  extension: 'mp4',
  ...more,
  source: {
    kind: 'url',
    url: `http://h.example/movie/u/p/${number}.mp4`,
    headers: {},
    verifyTls: true,
    allowDowngrade: false,
    timeouts: {},
  },
});

function opened(answer: (film: Film) => Promise<Particulars> | undefined) {
  const clock = new FakeClock();
  const asked: string[] = [];
  const details = new FilmDetails((one) => {
    asked.push(one.id);
    return answer(one);
  }, clock);
  return { clock, asked, details };
}

describe('FilmDetails', () => {
  test('what an account says goes over the list, but for its picture; for an hour it is not asked again', async () => {
    const said = { plot: 'Whole', poster: 'http://h.example/other.jpg', durationS: 60 };
    const { clock, asked, details } = opened(async () => said);
    const one = film(1, { plot: 'Short', poster: 'http://h.example/own.jpg', genre: 'Drama' });
    const whole = { ...one, plot: 'Whole', durationS: 60 };
    expect(await details.of(one)).toEqual(whole);
    expect(await details.of(film(2))).toMatchObject({ poster: said.poster });
    await clock.advance(3_599_999);
    expect(await details.of(one)).toEqual(whole);
    expect(asked).toEqual(['film-1', 'film-2']);
    await clock.advance(1);
    await details.of(one);
    expect(asked).toHaveLength(3);
  });

  test('one that fails is told as the list has it, and asked again after a minute', async () => {
    const { clock, asked, details } = opened(async () => {
      throw new Error('down');
    });
    for (let look = 0; look < 3; look++) expect(await details.of(film(1))).toEqual(film(1));
    expect(asked).toHaveLength(1);
    await clock.advance(60_000);
    await details.of(film(1));
    expect(asked).toHaveLength(2);
  });

  test('one that is late is told as the list has it, and is there the next time', async () => {
    const answer = Promise.withResolvers<Particulars>();
    const { clock, asked, details } = opened(() => answer.promise);
    const first = details.of(film(1));
    await clock.advance(4000);
    expect(await first).toEqual(film(1));
    answer.resolve({ plot: 'Late' });
    expect(await details.of(film(1))).toMatchObject({ plot: 'Late' });
    expect(asked).toHaveLength(1);
  });

  test('whoever goes through all of them is told what the lists say', async () => {
    const answer = Promise.withResolvers<Particulars>();
    const { asked, details } = opened(() => answer.promise);
    const all = Array.from({ length: 20 }, (_, number) => details.of(film(number)));
    expect(asked).toHaveLength(4);
    answer.resolve({ plot: 'Said' });
    const told = await Promise.all(all);
    expect(told.filter(({ plot }) => plot === 'Said')).toHaveLength(4);
    expect(await details.of(film(19))).toMatchObject({ plot: 'Said' });
  });

  test('of a list that is no account nobody is asked', async () => {
    const { details } = opened(() => undefined);
    expect(await details.of(film(1))).toEqual(film(1));
  });
});
