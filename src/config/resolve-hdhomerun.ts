// This file turns the settings of `hdhomerun` into devices.
import type { Problems } from './errors.ts';
import { originAt, type SectionSetting, sectionsAt, valueAt, valuesAt } from './setting.ts';

export type DeviceSetting = {
  readonly id: string;
  readonly name: string;
  readonly tuners: number;
  /** All where empty. */
  readonly groups: readonly string[];
  readonly discovery: boolean;
};

export function deviceSettings(root: SectionSetting, problems: Problems): DeviceSetting[] {
  const devices: DeviceSetting[] = [];
  for (const section of sectionsAt(root, 'hdhomerun')) {
    const id: string | undefined = valueAt(section, 'hdhomerun[].id');
    if (id === undefined) continue; // said already
    if (devices.some((device) => device.id === id)) {
      const message = `"${id}" is another's, wanted an id of its own`;
      const origin = originAt(section, 'hdhomerun[].id');
      problems.add('CONFIG_ID_DUPLICATE', origin, `${section.key}.id`, message);
      continue;
    }
    devices.push({
      id,
      name: valueAt(section, 'hdhomerun[].name') ?? `weir ${id}`,
      tuners: valueAt(section, 'hdhomerun[].tuners'),
      groups: valuesAt(section, 'hdhomerun[].group').map((group) => String(group.value)),
      discovery: valueAt(section, 'hdhomerun[].discovery'),
    });
  }
  return devices;
}
