// This file says by which address players are told the picture of a channel.
import type { ChannelConfig, LogoMode } from '../../config/config.ts';

/** Endings that pictures have; what has another, or none, is called the most usual. */
const ENDING = /\.(png|jpe?g|gif|webp|avif|bmp|ico|svg)$/i;

/**
 * Undefined where it has none that a player could be told. Our own addresses stay the same for ever:
 * players keep pictures by them for months. The ending is that of the source, for those who look at
 * nothing else; what is sent says itself what it is. Of addresses that are paths alone players make
 * nothing, so where `base` is '' they are told upstream's.
 */
export function logoUrlOf(
  { id, logo }: Pick<ChannelConfig, 'id' | 'logo'>,
  base: string,
  mode: LogoMode,
): string | undefined {
  if (logo === undefined) return undefined;
  if (mode === 'serve' && base !== '')
    return `${base}/logo/${encodeURIComponent(id)}.${endingOf(logo)}`;
  return /^https?:/i.test(logo) ? logo : undefined;
}

function endingOf(logo: string): string {
  const inside = /^data:image\/(svg)/i.exec(logo)?.[1];
  const ending = inside ?? ENDING.exec(URL.parse(logo)?.pathname ?? '')?.[1] ?? 'png';
  return ending.toLowerCase();
}

/** The channel that `news.png` is of; ids have no dot. */
export function logoIdIn(name: string): string {
  const dot = name.indexOf('.');
  return dot < 0 ? name : name.slice(0, dot);
}
