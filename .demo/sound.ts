// This file makes the demo's sound: a soft tick each second, a gentle chord on the minute.

/** At this rate a minute is exactly 1,875 frames of AAC, so that the end meets the start. */
export const SAMPLE_RATE = 32_000;
export const PERIOD_SAMPLES = 60 * SAMPLE_RATE;

const TICK = { frequency: 1250, decayS: 0.009, level: 0.07 } as const;
const CHORD = { frequencies: [523.25, 659.26, 783.99], decayS: 0.55, level: 0.035 } as const;

/** One period as mono samples of 32-bit float. */
export function makePeriod(): Float32Array {
  const samples = new Float32Array(PERIOD_SAMPLES);
  for (let second = 0; second < 60; second++) {
    const accent = second === 0 ? 0 : second % 15 === 0 ? 1.5 : 1;
    add(samples, second, TICK.frequency, TICK.decayS, TICK.level * accent);
  }
  for (const frequency of CHORD.frequencies) {
    add(samples, 0, frequency, CHORD.decayS, CHORD.level);
  }
  return samples;
}

/** Adds a struck tone that begins at a second; what is left at the period's end goes round. */
function add(samples: Float32Array, second: number, hertz: number, decayS: number, level: number) {
  const start = second * SAMPLE_RATE;
  const length = Math.ceil(decayS * 9 * SAMPLE_RATE);
  for (let index = 0; index < length; index++) {
    const time = index / SAMPLE_RATE;
    const attack = Math.min(1, time / 0.002);
    const value = level * attack * Math.exp(-time / decayS) * Math.sin(2 * Math.PI * hertz * time);
    const at = (start + index) % samples.length;
    samples[at] = (samples[at] as number) + value;
  }
}
