// This file draws the demo's moving picture, frame by frame: rough water that comes out even.

export const WIDTH = 640;
export const HEIGHT = 360;
export const FRAMES_PER_SECOND = 25;
export const PERIOD_S = 60;

type Colour = readonly [red: number, green: number, blue: number];

/** Dots of a studio clock: one for each second, lit as it passes. */
export const CLOCK = { x: 468, y: 138, radius: 106 } as const;

const BACKGROUND: Colour = [9, 20, 29];
const DOT_DARK: Colour = [32, 58, 71];
const DOT_LIT: Colour = [104, 205, 214];
const HEAD: Colour = [232, 250, 250];

type Swell = { readonly waves: number; readonly cycles: number; readonly phase: number };
type Layer = { readonly colour: Colour; readonly level: number; readonly swells: readonly Swell[] };

/** Every swell makes a whole number of cycles in a period, so that the end meets the start. */
const LAYERS: readonly Layer[] = [
  {
    colour: [14, 36, 49],
    level: 262,
    swells: [
      { waves: 1.3, cycles: 5, phase: 0.2 },
      { waves: 2.9, cycles: 8, phase: 1.9 },
    ],
  },
  {
    colour: [17, 52, 67],
    level: 282,
    swells: [
      { waves: 1.7, cycles: 7, phase: 2.6 },
      { waves: 3.4, cycles: 11, phase: 0.4 },
    ],
  },
  {
    colour: [21, 74, 90],
    level: 304,
    swells: [
      { waves: 1.1, cycles: 6, phase: 4.4 },
      { waves: 2.6, cycles: 10, phase: 3.1 },
    ],
  },
  {
    colour: [28, 98, 113],
    level: 328,
    swells: [
      { waves: 1.5, cycles: 9, phase: 5.2 },
      { waves: 3.8, cycles: 15, phase: 1.1 },
    ],
  },
];

/** The sill of the weir stands here, as a share of the width; the water falls by this much. */
const SILL = 0.56;
const FALL_PX = 21;
const ROUGH_PX = 12;
const EVEN_PX = 1.2;

/** One frame as RGB, three bytes a pixel. */
export function drawFrame(frame: number): Uint8Array {
  const seconds = frame / FRAMES_PER_SECOND;
  const pixels = new Uint8Array(WIDTH * HEIGHT * 3);
  for (let at = 0; at < pixels.length; at += 3) pixels.set(BACKGROUND, at);
  for (const layer of LAYERS) drawLayer(pixels, layer, seconds);
  drawDots(pixels, seconds);
  return pixels;
}

function drawLayer(pixels: Uint8Array, layer: Layer, seconds: number): void {
  for (let x = 0; x < WIDTH; x++) {
    const top = surface(layer, x / WIDTH, seconds);
    for (let y = Math.floor(top) - 1; y < HEIGHT; y++) {
      blend(pixels, x, y, layer.colour, clamp(y + 1 - top));
    }
  }
}

/** The height of a layer's surface: rough before the sill, lower and even behind it. */
function surface(layer: Layer, share: number, seconds: number): number {
  const past = smooth((share - SILL + 0.09) / 0.18);
  const height = ROUGH_PX + (EVEN_PX - ROUGH_PX) * smooth((share - SILL + 0.3) / 0.42);
  let sum = 0;
  for (const swell of layer.swells) {
    const turns = swell.waves * share - (swell.cycles * seconds) / PERIOD_S;
    sum += Math.sin(2 * Math.PI * turns + swell.phase);
  }
  return layer.level + FALL_PX * past - 6 + (height * sum) / layer.swells.length;
}

function drawDots(pixels: Uint8Array, seconds: number): void {
  const now = seconds % PERIOD_S;
  for (let dot = 0; dot < 60; dot++) {
    const lit = dot === 0 ? 1 : clamp((now - dot) * 5) * clamp((PERIOD_S - now) * 2);
    const size = dot % 5 === 0 ? 3.4 : 2.2;
    drawDot(pixels, dot, size, mix(DOT_DARK, DOT_LIT, lit));
  }
  drawDot(pixels, now, 4.2, HEAD);
}

function drawDot(pixels: Uint8Array, second: number, size: number, colour: Colour): void {
  const angle = (second / 60) * 2 * Math.PI;
  const cx = CLOCK.x + CLOCK.radius * Math.sin(angle);
  const cy = CLOCK.y - CLOCK.radius * Math.cos(angle);
  for (let y = Math.floor(cy - size) - 1; y <= cy + size + 1; y++) {
    for (let x = Math.floor(cx - size) - 1; x <= cx + size + 1; x++) {
      const distance = Math.hypot(x + 0.5 - cx, y + 0.5 - cy);
      blend(pixels, x, y, colour, clamp(size + 0.5 - distance));
    }
  }
}

function blend(pixels: Uint8Array, x: number, y: number, colour: Colour, share: number): void {
  if (share <= 0 || y < 0) return;
  const at = (y * WIDTH + x) * 3;
  for (let channel = 0; channel < 3; channel++) {
    const under = pixels[at + channel] as number;
    pixels[at + channel] = Math.round(under + ((colour[channel] as number) - under) * share);
  }
}

function mix(from: Colour, to: Colour, share: number): Colour {
  const channel = (index: 0 | 1 | 2) => from[index] + (to[index] - from[index]) * share;
  return [channel(0), channel(1), channel(2)];
}

const clamp = (value: number): number => Math.min(1, Math.max(0, value));

function smooth(value: number): number {
  const share = clamp(value);
  return share * share * (3 - 2 * share);
}
