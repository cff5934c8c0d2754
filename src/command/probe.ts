// This file is `weir probe`: it looks at one upstream and says what a player would get.
import { systemClock } from '../base/clock.ts';
import { errorRecord } from '../base/errors.ts';
import { redactUrl } from '../base/redact.ts';
import { VERSION } from '../base/version.ts';
import { parseAddressBlock } from '../config/address-block.ts';
import { parseDatagramUrl } from '../net/datagram-target.ts';
import { openDatagrams } from '../net/datagrams.ts';
import type { OutboundPolicy } from '../net/outbound.ts';
import { createOutbound } from '../net/outbound-client.ts';
import { DatagramInput } from '../source/stream/datagram-input.ts';
import {
  EXIT,
  type ExitCode,
  flagValue,
  flagValues,
  type Given,
  isGiven,
  type Terminal,
  UsageError,
} from './command-line.ts';
import { isPlayable } from './probe-hints.ts';
import { formatProbe, probeJson } from './probe-report.ts';
import { formatStream, probeStream, streamHints } from './probe-stream.ts';
import { probeUpstream } from './probe-upstream.ts';

export async function runProbe(given: Given, terminal: Terminal): Promise<ExitCode> {
  const url = urlOf(given);
  const isJson = isGiven(given, '--json');
  const policy = policyOf(given);
  const datagrams = parseDatagramUrl(url);
  await using outbound = createOutbound({
    clock: systemClock,
    allowPrivate: blocksOf(given),
    userAgent: `weir/${VERSION}`,
  });
  try {
    if (datagrams !== undefined) {
      const input = new DatagramInput({ target: datagrams.target }, openDatagrams, systemClock);
      const stream = await probeStream(input, systemClock);
      const record = { ok: stream.mediaS > 0, url, stream, hints: streamHints(stream) };
      terminal.out(isJson ? `${JSON.stringify(record)}\n` : formatStream(url, stream));
      return stream.mediaS > 0 ? EXIT.ok : EXIT.failed;
    }
    const probed = await probeUpstream(url, { outbound, clock: systemClock, policy });
    terminal.out(isJson ? probeJson(url, probed) : formatProbe(url, probed));
    return isPlayable(probed) ? EXIT.ok : EXIT.failed;
  } catch (error) {
    const { code, message } = errorRecord(error);
    const hint = code === 'NET_ADDRESS_BLOCKED' ? ', --allow-private names blocks that may be' : '';
    if (isJson) {
      terminal.out(`${JSON.stringify({ ok: false, url: redactUrl(url), code, message })}\n`);
    } else {
      terminal.error(`weir: ${message} (${code})${hint}\n`);
    }
    return EXIT.failed;
  }
}

function urlOf(given: Given): string {
  const [url] = given.operands;
  if (url === undefined) throw new UsageError('weir probe wants a URL, see weir probe --help');
  if (parseDatagramUrl(url) !== undefined) return url;
  if (!/^https?:\/\/[^/]/i.test(url) || !URL.canParse(url)) {
    throw new UsageError(`"${redactUrl(url)}" is no URL with http or https`);
  }
  return url;
}

function policyOf(given: Given): OutboundPolicy {
  const headers: Record<string, string> = {};
  for (const line of flagValues(given, '--header')) {
    // RFC 9110 §5.1 and §5.5
    const match =
      /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)[ \t]*$/.exec(
        line,
      );
    // The value is not shown: it may be a password.
    if (match === null) throw new UsageError("--header wants 'NAME: VALUE'");
    headers[match[1]!.toLowerCase()] = match[2]!;
  }
  const proxy = flagValue(given, '--proxy');
  if (proxy !== undefined && !(/^(https?|socks5h?):\/\/[^/]/i.test(proxy) && URL.canParse(proxy))) {
    throw new UsageError(
      `--proxy "${redactUrl(proxy)}" is no URL with http, https, socks5 or socks5h`,
    );
  }
  return {
    headers,
    ...(proxy === undefined ? {} : { proxy }),
    verifyTls: true,
    allowDowngrade: false,
  };
}

function blocksOf(given: Given): string[] {
  const written = flagValues(given, '--allow-private').flatMap((list) => list.split(/[\s,]+/));
  return written
    .filter((block) => block !== '')
    .map((block) => {
      const parsed = parseAddressBlock(block);
      if (parsed !== undefined) return parsed;
      throw new UsageError(
        `--allow-private "${block.slice(0, 80)}" is no address block such as 10.0.0.0/8`,
      );
    });
}
