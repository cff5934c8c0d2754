// This file makes the client of a Redis, whichever way it is run.
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { type Backoff, backoffDelayMs } from '../../base/backoff.ts';
import type { Random } from '../../base/random.ts';
import type { RedisAddress } from './redis-address.ts';

export type RedisClient = Redis | Cluster;

const CONNECT_TIMEOUT_MS = 3000;
/** A socket that says nothing for so long, though it was asked, is dead, whatever TCP thinks. */
const SILENCE_MS = 4000;
const COMMAND_TIMEOUT_MS = 8000;
/** It must be joined within ten seconds of its return. */
const RECONNECT: Backoff = { baseMs: 100, maxMs: 2000 };
/** A cluster whose slots move tells where to; more than this is a circle. */
const MAX_REDIRECTIONS = 4;

/** Does nothing until it is told to connect; then it reconnects for as long as it lives. */
export function createRedisClient(address: RedisAddress, random: Random): RedisClient {
  const client = makeClient(address, random);
  // Without a listener the client would write its errors to the console
  client.on('error', () => {});
  return client;
}

function makeClient(address: RedisAddress, random: Random): RedisClient {
  const { kind, hosts, masterName, db } = address;
  const retry = (times: number) => backoffDelayMs(RECONNECT, times - 1, random);
  const options = commonOptions(address);
  if (kind === 'cluster') {
    return new Cluster([...hosts], {
      lazyConnect: true,
      enableOfflineQueue: false,
      maxRedirections: MAX_REDIRECTIONS,
      slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
      slotsRefreshInterval: 5000,
      clusterRetryStrategy: retry,
      redisOptions: options,
    });
  }
  const single = { ...options, db, enableOfflineQueue: false, retryStrategy: retry };
  if (kind === 'single') return new Redis({ ...single, ...hosts[0] });
  const { sentinelPassword, isEncrypted } = address;
  return new Redis({
    ...single,
    sentinels: [...hosts],
    name: masterName,
    sentinelRetryStrategy: retry,
    // Tells at once that another became master, also where the old one hangs
    failoverDetector: true,
    enableTLSForSentinelMode: isEncrypted,
    ...(sentinelPassword !== undefined && { sentinelPassword }),
    ...(isEncrypted && { sentinelTLS: {} }),
  });
}

function commonOptions({ username, password, isEncrypted }: RedisAddress) {
  return {
    lazyConnect: true,
    // The form that every Redis since 2.0, and what stands before it, understands
    protocol: 2,
    disableClientInfo: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: SILENCE_MS,
    // Whoever asked is told at once when the connection goes, and asks again if it likes
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    // What became a replica is left: its name leads to the master by now
    reconnectOnError: (error: Error) =>
      error.message.startsWith('READONLY') ? (1 as const) : false,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(isEncrypted && { tls: {} }),
  } satisfies RedisOptions;
}
