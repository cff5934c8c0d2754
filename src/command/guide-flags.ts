// This file says what `weir guide` takes.
import type { Flag } from './command-line.ts';

export const GUIDE_FLAGS: readonly Flag[] = [
  {
    name: '--apply',
    value: 'CHANNEL=GUIDEID',
    repeats: true,
    means: 'Feed this channel by what the guides call so, for ever; may be given more than once.',
  },
  {
    name: '--reject',
    value: 'CHANNEL',
    repeats: true,
    means: 'Feed this channel by nothing, whatever is found for it.',
  },
  {
    name: '--shift',
    value: 'CHANNEL=1h',
    repeats: true,
    means: 'Move its programmes, for ever: 1h is later, -30m earlier, 0 as the guide says.',
  },
  {
    name: '--clear',
    value: 'CHANNEL',
    repeats: true,
    means: 'Forget what was chosen for this channel.',
  },
  { name: '--all', means: 'Show the channels that were found too.' },
];

export const GUIDE_NOTES = `Actions
  match    say which channel of the guides feeds which of ours, or choose it

Channels are found by id, then by name, then by likeness: what is as like as 0.9 of 1, and clearly
more like than the next, is taken by itself, anything less is proposed and waits for --apply.
What is chosen is kept for ever and wins over what is found; \`guide:\` of a channel in the
configuration wins over both, as \`guide_shift:\` does over --shift. The server that runs here is
asked, and takes up what is chosen within seconds.`;
