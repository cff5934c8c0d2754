// This file answers those who look for HDHomeRun devices on the local network.
import type { Clock } from '../../base/clock.ts';
import { errorFields, errorRecord } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { openUdpResponder } from '../../net/udp-responder.ts';
import type { HeldDevice } from './devices.ts';
import { DISCOVERY_PORT, parseDiscoveryRequest, writeDiscoveryReply } from './discovery-packet.ts';

/** The answers of the devices that are asked for; `baseUrl` leads to our root. */
export function discoveryAnswers(
  devices: readonly HeldDevice[],
  bytes: Uint8Array,
  baseUrl: string,
): readonly Uint8Array[] {
  const request = parseDiscoveryRequest(bytes);
  if (request === undefined) return [];
  return devices.flatMap((device, index) => {
    const { setting, deviceId, auth: deviceAuth } = device;
    const isMeant = request.deviceId === undefined || request.deviceId === deviceId;
    if (!setting.discovery || !isMeant) return [];
    const url = index === 0 ? baseUrl : `${baseUrl}/hdhr/${setting.id}`;
    const urls = { baseUrl: url, lineUpUrl: `${url}/lineup.json` };
    return [writeDiscoveryReply({ deviceId, tunerCount: setting.tuners, deviceAuth, ...urls })];
  });
}

export type AnnounceOptions = {
  readonly devices: readonly HeldDevice[];
  readonly clock: Clock;
  readonly log: Log;
  /** Where weir listens. */
  readonly port: number;
  readonly publicUrl: () => string | undefined;
};

/** Nothing where no device is to be found. Where the port is taken weir plays on, and says so. */
export async function announceDevices(options: AnnounceOptions): Promise<AsyncDisposable> {
  const { devices, clock, log, port, publicUrl } = options;
  await using open = new AsyncDisposableStack();
  if (!devices.some(({ setting }) => setting.discovery)) return open.move();
  const answer = (bytes: Uint8Array, ownAddress: string) =>
    discoveryAnswers(devices, bytes, publicUrl() ?? `http://${ownAddress}:${port}`);
  try {
    open.use(await openUdpResponder({ port: DISCOVERY_PORT, clock, answer }));
    log.info('devices answer who looks for them', { port: DISCOVERY_PORT });
  } catch (error) {
    log.error('devices cannot be found on the network', errorFields(errorRecord(error)));
  }
  return open.move();
}
