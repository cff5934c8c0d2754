// This file writes what `--help` says.
import { type Command, type Flag, HELP_FLAG } from './command-line.ts';

const INDENT = '  ';
const WIDTH = 96;

/** The help of weir as a whole. */
export function formatOverview(commands: readonly Command[]): string {
  const rows = commands.map((command) => [signature(command), command.summary] as const);
  return `weir turns live sources that stall and vanish into television that does not.

Usage: weir [command] [flags]

Commands
${columns(rows)}

Without a command it serves; without a configuration it serves the built-in demo channel.

Examples
  weir
  weir serve --config weir.yaml
  weir serve --m3u https://provider.example.com/list.m3u
  weir check --config weir.yaml

Exit codes
  0 all went well · 1 what was asked for failed · 2 the command line is wrong
  78 the configuration is wrong

weir help COMMAND and weir COMMAND --help say more.
`;
}

/** The help of one command. */
export function formatCommandHelp(command: Command): string {
  const settings = command.flags.filter((flag) => flag.isSetting === true);
  const others = [...command.flags.filter((flag) => flag.isSetting !== true), HELP_FLAG];
  const parts = [
    `${command.summary}`,
    `Usage: weir ${signature(command)} [flags]`,
    `Flags\n${columns(others.map(flagRow))}`,
  ];
  if (settings.length > 0) {
    parts.push(`Settings, over the file and the variables\n${columns(settings.map(flagRow))}`);
  }
  if (command.notes !== undefined) parts.push(command.notes);
  parts.push(`Examples\n${command.examples.map((example) => INDENT + example).join('\n')}`);
  return `${parts.join('\n\n')}\n`;
}

function signature(command: Command): string {
  return command.operands === undefined ? command.name : `${command.name} ${command.operands}`;
}

function flagRow(flag: Flag): readonly [string, string] {
  return [flag.value === undefined ? flag.name : `${flag.name} ${flag.value}`, flag.means];
}

/** Two columns, the second one wrapped. */
function columns(rows: readonly (readonly [string, string])[]): string {
  const first = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows
    .map(([name, text]) => {
      const lines = wrap(text, WIDTH - INDENT.length - first);
      return lines
        .map((line, index) => INDENT + (index === 0 ? name : '').padEnd(first) + line)
        .join('\n');
    })
    .join('\n');
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}
