// This file says how the source of an entry is asked, by what its line-up says of all of them.
import type { LineUpSetting } from '../../config/resolve-lineups.ts';
import type { ListEntry } from './list-entry.ts';

/** On its way to the serving thread: plain data. */
export type RowSource = {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly provider?: string;
};

/** Of all entries of a line-up. */
export type SourceSetting = Omit<RowSource, 'url' | 'headers'> & { readonly userAgent?: string };

export function sourceSettingOf({
  userAgent,
  provider,
  account,
  key,
}: LineUpSetting): SourceSetting {
  const of = provider ?? (account === undefined ? undefined : accountProvider(key));
  return {
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(of === undefined ? {} : { provider: of }),
  };
}

/** As for channels of the file: our own user agent, and the provider whose connections it takes. */
export function sourceOf(
  { url, headers }: Pick<ListEntry, 'url' | 'headers'>,
  { userAgent, provider }: SourceSetting,
): RowSource {
  if (userAgent === undefined && headers === undefined && provider === undefined) return { url };
  const isAgentMissing = userAgent !== undefined && headers?.['user-agent'] === undefined;
  const all = isAgentMissing ? { ...headers, 'user-agent': userAgent } : headers;
  return {
    url,
    ...(all === undefined ? {} : { headers: all }),
    ...(provider === undefined ? {} : { provider }),
  };
}

/** Under which the connections of an account are counted; no name that a configuration can have. */
export function accountProvider(key: string): string {
  return `account ${key}`;
}
