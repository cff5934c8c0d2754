// This file holds the HDHomeRun devices that weir looks like.
import type { ChannelConfig } from '../../config/config.ts';
import type { DeviceSetting } from '../../config/resolve-hdhomerun.ts';
import { inGroups } from '../groups.ts';
import { deviceIdOf } from './device-id.ts';
import type { Device } from './documents.ts';
import { Tuners } from './tuners.ts';

export type HeldDevice = {
  readonly setting: DeviceSetting;
  readonly deviceId: number;
  readonly auth: string;
  readonly tuners: Tuners;
};

/** Clients keep what they set up under the device id, so that it must outlive everything. */
export const DEVICE_SECRET_BYTES = 32;
/** Clients want a fixed length. */
const AUTH_CHARS = 24;

export function createDevices(
  settings: readonly DeviceSetting[],
  secret: Uint8Array,
): readonly HeldDevice[] {
  return settings.map((setting) => {
    const digest = new Bun.CryptoHasher('sha256', secret).update(setting.id).digest();
    return {
      setting,
      deviceId: deviceIdOf(new Uint8Array(digest)),
      auth: digest.toString('base64url').slice(0, AUTH_CHARS),
      tuners: new Tuners(setting.tuners),
    };
  });
}

/** As clients see it from an address. */
export function deviceAt({ setting, deviceId, auth }: HeldDevice, baseUrl: string): Device {
  return { id: deviceId, auth, name: setting.name, tunerCount: setting.tuners, baseUrl };
}

export function channelsOf(
  { setting: { groups } }: HeldDevice,
  channels: readonly ChannelConfig[],
): readonly ChannelConfig[] {
  return channels.filter(inGroups(groups));
}
