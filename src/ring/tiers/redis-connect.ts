// This file waits until the client of a Redis may be used, or says what stands in the way.
import type { RedisClient } from './redis-client.ts';
import { redisFailure } from './redis-failure.ts';

/** A client that is reconnecting by itself is waited for until its next try has failed. */
export async function connectRedis(client: RedisClient, place: string): Promise<void> {
  if (client.status === 'ready') return;
  const outcome = Promise.withResolvers<void>();
  let seen: unknown;
  const onError = (error: unknown) => {
    seen = error;
  };
  const onClose = () => outcome.reject(redisFailure(seen, place));
  const onReady = () => outcome.resolve();
  client.on('error', onError).on('close', onClose).on('ready', onReady);
  try {
    if (client.status === 'wait' || client.status === 'end') {
      client.connect().catch((error: unknown) => {
        seen ??= error;
        onClose();
      });
    }
    await outcome.promise;
  } finally {
    client.off('error', onError).off('close', onClose).off('ready', onReady);
  }
}
