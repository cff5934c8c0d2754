// This file names what a configuration does that an operator should have meant.
import type { ChannelConfig } from '../config/config.ts';
import type { LoadedConfig } from '../config/load.ts';

export type Warning = {
  readonly message: string;
  readonly fields: Readonly<Record<string, string | number>>;
};

/** For the log at start and for `weir check`: the loudest first. */
export function warningsOf(loaded: LoadedConfig): Warning[] {
  return [
    ...loaded.config.channels.flatMap(sourceWarnings),
    ...loaded.config.channels.flatMap(failoverWarnings),
    ...loopbackWarnings(loaded),
    ...loaded.later.map(({ key, place }) => ({
      message: 'setting has no effect in this version',
      fields: { key, place },
    })),
    ...loaded.notes.map((message) => ({ message, fields: {} })),
  ];
}

function sourceWarnings(channel: ChannelConfig): Warning[] {
  const warnings: Warning[] = [];
  for (const [index, source] of channel.sources.entries()) {
    if (source.kind === 'loop' || source.kind === 'datagram') continue;
    const fields = { channel: channel.id, source: index + 1 };
    if (!source.verifyTls) {
      const message =
        'certificates are NOT checked: anyone on the way can read and change what is fetched';
      warnings.push({ message, fields });
    }
    if (source.allowDowngrade) {
      warnings.push({ message: 'an https address may redirect to http', fields });
    }
  }
  return warnings;
}

/** What is asked for and cannot be had. */
function failoverWarnings({ id, failover, sources, mode }: ChannelConfig): Warning[] {
  if (failover === undefined) return [];
  const fields = { channel: id };
  if (mode !== 'buffered') {
    return [{ message: `failover has no effect on viewers in mode ${mode}`, fields }];
  }
  if (sources.length > 1) return [];
  return [{ message: 'failover has no effect: there is one source, and none to go to', fields }];
}

/** 127.0.0.0/8 among the private blocks opens the machine's own services to every upstream. */
function loopbackWarnings(loaded: LoadedConfig): Warning[] {
  return loaded.config.allowPrivate
    .filter((block) => /^(0\.0\.0\.0\/|127\.|169\.254\.|::(1|ffff:127\.[\d.]+)?\/)/.test(block))
    .map((block) => ({
      message:
        'upstreams may lead to this machine itself or its cloud metadata through allow_private',
      fields: { block },
    }));
}
