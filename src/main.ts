// This file is the command line: one table of commands.

import { nearest } from './base/nearest.ts';
import { VERSION } from './base/version.ts';
import {
  type Command,
  EXIT,
  type ExitCode,
  firstWordIndex,
  type Given,
  HELP_FLAG,
  isGiven,
  parseArguments,
  printable,
  type Terminal,
  UsageError,
} from './command/command-line.ts';
import { CONFIG_FLAGS, CONFIG_NOTES } from './command/config-flags.ts';
import { GUIDE_FLAGS, GUIDE_NOTES } from './command/guide-flags.ts';
import { formatCommandHelp, formatOverview } from './command/help.ts';
import { USER_FLAGS, USER_NOTES } from './command/user-flags.ts';
import { ConfigError, formatProblem } from './config/errors.ts';
import { LINE_UP_WORKER } from './threads.ts';

const JSON_FLAG = { name: '--json', means: 'Write one JSON object instead of words.' };

// What a command does is loaded when it runs: `weir version` needs no web server.
export const COMMANDS: readonly Command[] = [
  {
    name: 'serve',
    summary: 'Run the server.',
    maxOperands: 0,
    flags: CONFIG_FLAGS,
    notes: `${CONFIG_NOTES}

SIGHUP and a change of the file take up the new configuration; SIGHUP has line-ups and guides read
again, too. SIGTERM and SIGINT stop the server once answers in flight are complete, and within ten
seconds.`,
    examples: [
      'weir',
      'weir serve --config /etc/weir/weir.yaml',
      'weir serve --listen 127.0.0.1:9000 --m3u channels.m3u',
    ],
    run: async (given, terminal) => (await import('./serve-command.ts')).runServe(given, terminal),
  },
  {
    name: 'check',
    summary: 'Load the configuration and say what it means, or what is wrong with it.',
    maxOperands: 0,
    flags: CONFIG_FLAGS,
    notes: CONFIG_NOTES,
    examples: ['weir check', 'weir check --config /etc/weir/weir.yaml && systemctl reload weir'],
    run: async (given, terminal) =>
      (await import('./command/check.ts')).runCheck(given, terminal, LINE_UP_WORKER),
  },
  {
    name: 'import',
    summary: 'Read all line-ups now, and say what changes; a running weir takes it up by itself.',
    maxOperands: 0,
    flags: [
      ...CONFIG_FLAGS,
      { name: '--dry-run', means: 'Say what would change, and change nothing.' },
      { name: '--accept-shrunk', means: 'Take a line-up too that lost more than half of itself.' },
      JSON_FLAG,
    ],
    examples: ['weir import --dry-run', 'weir import --config /etc/weir/weir.yaml --json'],
    run: async (given, terminal) =>
      (await import('./command/import.ts')).runImport(given, terminal, LINE_UP_WORKER),
  },
  {
    name: 'probe',
    operands: 'URL',
    summary: 'Look at an upstream: variants, codecs, segments, delay, what a player would get.',
    maxOperands: 1,
    flags: [
      {
        name: '--header',
        value: "'NAME: VALUE'",
        repeats: true,
        means: 'Header to send; may be given more than once.',
      },
      {
        name: '--proxy',
        value: 'URL',
        means: 'Proxy to go through: http, https, socks5 or socks5h.',
      },
      {
        name: '--allow-private',
        value: 'LIST',
        repeats: true,
        means: 'Address blocks that may be private, such as 10.0.0.0/8.',
      },
      JSON_FLAG,
    ],
    examples: [
      'weir probe https://origin.example.com/news.m3u8',
      "weir probe --header 'user-agent: VLC/3.0.20' --json https://origin.example.com/news.m3u8",
    ],
    run: async (given, terminal) => (await import('./command/probe.ts')).runProbe(given, terminal),
  },
  {
    name: 'user',
    operands: 'ACTION [NAME]',
    summary: 'Make, list and change users: add, list, password, set, enable, disable, remove.',
    maxOperands: 2,
    flags: [...USER_FLAGS, JSON_FLAG, ...CONFIG_FLAGS],
    notes: USER_NOTES,
    examples: [
      'weir user add anna --connections 2 --expires 30d',
      'weir user set anna --connections 3 --expires never',
      'weir user list',
      'weir user password anna',
    ],
    run: async (given, terminal) => (await import('./command/user.ts')).runUser(given, terminal),
  },
  {
    name: 'guide',
    operands: 'match',
    summary: 'Say which channel of the guides feeds which of ours, or choose it.',
    maxOperands: 1,
    flags: [...GUIDE_FLAGS, JSON_FLAG, ...CONFIG_FLAGS],
    notes: GUIDE_NOTES,
    examples: ['weir guide match', 'weir guide match --apply bbc1=bbcone.uk --reject shop'],
    run: async (given, terminal) => (await import('./command/guide.ts')).runGuide(given, terminal),
  },
  {
    name: 'doctor',
    summary: 'Say what is here and what is missing on this machine.',
    maxOperands: 0,
    flags: [...CONFIG_FLAGS, JSON_FLAG],
    examples: ['weir doctor', 'weir doctor --config /etc/weir/weir.yaml'],
    run: async (given, terminal) =>
      (await import('./command/doctor.ts')).runDoctor(given, terminal),
  },
  {
    name: 'healthcheck',
    summary: 'Ask the weir that runs on this machine whether it is ready; for containers.',
    maxOperands: 0,
    flags: CONFIG_FLAGS,
    notes: 'It reads the same configuration as the server. Exit code 0 says that it is ready.',
    examples: ['weir healthcheck', 'weir healthcheck --listen 127.0.0.1:9000'],
    run: async (given, terminal) =>
      (await import('./command/healthcheck.ts')).runHealthcheck(given, terminal),
  },
  {
    name: 'version',
    summary: 'Say which version this is.',
    maxOperands: 0,
    flags: [],
    examples: ['weir version'],
    run: async (_, terminal) => {
      terminal.out(`weir ${VERSION} (Bun ${Bun.version}, ${process.platform} ${process.arch})\n`);
      return EXIT.ok;
    },
  },
  {
    name: 'help',
    operands: '[COMMAND]',
    summary: 'Say what weir can do, or one of its commands.',
    maxOperands: 1,
    flags: [],
    examples: ['weir help', 'weir help probe'],
    run: async (given, terminal) => showHelp(given, terminal),
  },
];

/** Without a command it serves. */
const DEFAULT_COMMAND = 'serve';
/** What people type at any program. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['--help', 'help'],
  ['-h', 'help'],
  ['--version', 'version'],
  ['-V', 'version'],
  ['-v', 'version'],
]);

/** Runs one command line to its end; what is wrong with it is written, never thrown. */
export async function runCommandLine(
  args: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  try {
    const { command, rest } = chooseCommand(args);
    const given = parseArguments(rest, command);
    if (isGiven(given, HELP_FLAG.name)) {
      terminal.out(formatCommandHelp(command));
      return EXIT.ok;
    }
    return await command.run(given, terminal);
  } catch (error) {
    return report(error, terminal);
  }
}

/** The command may stand behind flags too; what is no flag there can be nothing else. */
function chooseCommand(args: readonly string[]): { command: Command; rest: readonly string[] } {
  const [first] = args;
  const alias = first === undefined ? undefined : ALIASES.get(first);
  if (alias !== undefined) return { command: commandNamed(alias), rest: args.slice(1) };
  const index = firstWordIndex(args, COMMANDS);
  const word = args[index];
  if (word === undefined) return { command: commandNamed(DEFAULT_COMMAND), rest: args };
  return { command: commandNamed(word), rest: args.toSpliced(index, 1) };
}

function commandNamed(name: string): Command {
  const command = COMMANDS.find((each) => each.name === name);
  if (command !== undefined) return command;
  const near = nearest(
    name,
    COMMANDS.map((each) => each.name),
  );
  const hint = near === undefined ? 'see weir help' : `did you mean weir ${near}?`;
  throw new UsageError(`Unknown command "${printable(name)}", ${hint}`);
}

function showHelp(given: Given, terminal: Terminal): ExitCode {
  const [name] = given.operands;
  terminal.out(
    name === undefined ? formatOverview(COMMANDS) : formatCommandHelp(commandNamed(name)),
  );
  return EXIT.ok;
}

function report(error: unknown, terminal: Terminal): ExitCode {
  if (error instanceof UsageError) {
    terminal.error(`weir: ${error.message}\n`);
    return EXIT.usage;
  }
  if (error instanceof ConfigError) {
    for (const problem of error.problems) terminal.error(`weir: ${formatProblem(problem)}\n`);
    return EXIT.config;
  }
  const message = error instanceof Error ? error.message : String(error);
  terminal.error(`weir: ${message}\n`);
  return EXIT.failed;
}

if (import.meta.main) {
  const { processTerminal } = await import('./command/process-terminal.ts');
  process.exit(await runCommandLine(process.argv.slice(2), processTerminal()));
}
