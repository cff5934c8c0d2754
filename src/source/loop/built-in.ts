// This file names the media that come with the program: beside this file, or inside the binary.
import card from './card.mpegts' with { type: 'file' };
import demo from './demo.mpegts' with { type: 'file' };

/** demo: what is served without a configuration. card: what plays while no source does. */
export const BUILT_IN = { demo, card } as const;
