// This file says why an HDHomeRun device does not answer as it was asked.
import { problemResponse, shown } from './error-response.ts';

/** What clients of tuners look for, whatever the status. */
export const ERROR = 'x-hdhomerun-error';

export function inUse(isAny: boolean, request: Request): Response {
  const message = isAny
    ? 'Cannot tune: all tuners of this device are in use'
    : 'Cannot tune: this tuner is in use, wanted another or /auto';
  const headers = {
    [ERROR]: isAny ? '805 All Tuners In Use' : '804 Tuner In Use',
    'retry-after': '5',
  };
  return problemResponse({ status: 503, code: 'DELIVERY_TUNER', message, headers }, request);
}

export function noDevice(id: string | undefined, request: Request): Response {
  const which = id === undefined ? 'none is configured' : `there is none with the id ${shown(id)}`;
  const message = `Cannot find the device: ${which}, wanted one of hdhomerun in the configuration`;
  return problemResponse({ status: 404, code: 'DELIVERY_NO_DEVICE', message }, request);
}

export function noChannel(number: string, request: Request): Response {
  const message = `Cannot tune: there is no channel ${shown(number)}`;
  const headers = { [ERROR]: '801 Unknown Channel' };
  return problemResponse(
    { status: 404, code: 'DELIVERY_UNKNOWN_CHANNEL', message, headers },
    request,
  );
}

export function unknownDocument(request: Request): Response {
  const message = 'Cannot find it: a device has nothing of this name';
  return problemResponse({ status: 404, code: 'DELIVERY_UNKNOWN_ADDRESS', message }, request);
}
