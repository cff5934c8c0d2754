// This file gathers the request headers of one source or line-up.
import { MANAGED_HEADERS } from '../net/request-headers.ts';
import type { Problems } from './errors.ts';
import { type SectionSetting, sectionAt, settingAt, valueAt } from './setting.ts';

/** Lower-case names, `user_agent` and `referer` folded in. */
export function sourceHeaders(source: SectionSetting, problems: Problems): Record<string, string> {
  const section = sectionAt(source, 'channels[].sources[].headers');
  const headers = resolveHeaders(section, problems);
  for (const [key, name] of [
    ['user_agent', 'user-agent'],
    ['referer', 'referer'],
  ] as const) {
    const value = valueAt(source, `channels[].sources[].${key}`);
    if (value === undefined) continue;
    if (Object.hasOwn(headers, name)) {
      const message = `also among the headers as ${name}, wanted it once`;
      const origin = settingAt(source, `channels[].sources[].${key}`)!.origin;
      problems.add('CONFIG_KEY_CONFLICT', origin, `${source.key}.${key}`, message);
    }
    headers[name] = value;
  }
  return headers;
}

/** Lower-case names. */
export function resolveHeaders(
  section: SectionSetting | undefined,
  problems: Problems,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [written, setting] of section?.entries ?? []) {
    const name = written.toLowerCase();
    const refusal = headerRefusal(name, headers);
    if (refusal !== undefined) {
      problems.add('CONFIG_VALUE', setting.origin, `${section!.key}.${written}`, refusal);
    } else if (setting.form === 'value') {
      headers[name] = String(setting.value);
    }
  }
  return headers;
}

function headerRefusal(name: string, headers: Record<string, string>): string | undefined {
  // RFC 9110 §5.1: a field name is a token
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]{1,128}$/.test(name)) return 'no header name, wanted a token';
  if (name === '__proto__') return 'no header name, wanted a token';
  if (MANAGED_HEADERS.has(name)) return 'set by weir itself, wanted another header';
  if (Object.hasOwn(headers, name)) return 'written twice, case does not tell headers apart';
  return undefined;
}
