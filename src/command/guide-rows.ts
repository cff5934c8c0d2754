// This file says in words where guides come from.
import { showPlace } from '../base/place.ts';
import type { Config } from '../config/config.ts';

/** For `weir check`. */
export function guideRows({ guides }: Config): string[] {
  return guides.map(({ place, at }) => {
    const hour = String(Math.floor(at / 60)).padStart(2, '0');
    const minute = String(at % 60).padStart(2, '0');
    return `${showPlace(place)}: read each day at ${hour}:${minute}, up to ten minutes later`;
  });
}
