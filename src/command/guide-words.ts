// This file says in words which channels of the guides feed ours.
import { formatDuration } from '../config/duration.ts';
import type { GuideProposal, MatchedBy } from '../guide/match/match-channel.ts';

/** As the server tells it. */
export type ShownMatches = {
  readonly matched: number;
  readonly unmatched: number;
  readonly channels: readonly {
    readonly channel: string;
    readonly name: string;
    readonly found: (GuideProposal & { readonly by: MatchedBy }) | null;
    /** What was to feed it; null: nothing, as was chosen. */
    readonly said?: string | null;
    readonly shift_seconds?: number;
    readonly proposals: readonly GuideProposal[];
  }[];
};

const BY: Readonly<Record<MatchedBy, string>> = {
  configuration: 'by the configuration',
  choice: 'as chosen',
  id: 'by id',
  name: 'by name',
  likeness: 'by likeness',
};

/** Those that nothing feeds first, since something is to be done about them. `given`: flags to repeat. */
export function formatMatches(
  matches: ShownMatches,
  isAll: boolean,
  given: readonly string[] = [],
): string {
  const { matched, unmatched, channels } = matches;
  if (channels.length === 0) return 'No channel was matched yet: no guide has come.\n';
  const lines = [`${matched} of ${matched + unmatched} channels have a guide.`];
  for (const { channel, name, said, proposals } of channels.filter(({ found }) => found === null)) {
    lines.push('', `${channel}  ${plain(name)}: none${whyNone(said)}`);
    for (const each of proposals) {
      lines.push(`  ${each.score.toFixed(2)}  ${plain(each.name)}, ${plain(each.why)}`);
      const words = [...given, '--apply', `${channel}=${plain(each.id)}`];
      lines.push(`        weir guide match ${words.map(word).join(' ')}`);
    }
  }
  // What was guessed is to be looked at, too
  const shown = channels.filter(
    ({ found }) => found !== null && (isAll || found.by === 'likeness'),
  );
  if (shown.length > 0) lines.push('', isAll ? 'Found:' : 'Found by likeness:');
  for (const { channel, name, found, shift_seconds: shift } of shown) {
    if (found === null) continue;
    const later = shift === undefined ? '' : `, ${shiftWords(shift * 1000)}`;
    const how = found.by === 'likeness' ? `, ${found.score.toFixed(2)}: ${plain(found.why)}` : '';
    lines.push(
      `  ${channel}  ${plain(name)}: ${plain(found.id)} (${plain(found.name)}) ${BY[found.by]}${how}${later}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** Of other than 0. */
export function shiftWords(ms: number): string {
  return `${formatDuration(Math.abs(ms))} ${ms < 0 ? 'earlier' : 'later'}`;
}

function whyNone(said: string | null | undefined): string {
  if (said === undefined) return '';
  return said === null ? ', as chosen' : `: no guide has a channel "${plain(said)}"`;
}

/** As one word of a shell: people paste the line, and ids come from strangers. */
function word(text: string): string {
  if (/^[\w./:-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Names come from strangers: nothing in them steers the terminal. */
function plain(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}
