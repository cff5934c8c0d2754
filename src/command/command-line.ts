// This file reads the arguments of a command against what the command takes.
import { AppError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';

/** What the process ends with. Documented in `weir help`. */
export const EXIT = {
  ok: 0,
  /** The command ran and what it looked at is not well, or the server could not go on. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** The configuration is wrong: EX_CONFIG of sysexits.h, so that a supervisor need not retry. */
  config: 78,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export type Flag = {
  /** `--listen` */
  readonly name: string;
  /** What stands for its value in the help; a flag without one is a switch. */
  readonly value?: string;
  readonly means: string;
  /** May be given more than once. */
  readonly repeats?: true;
  /** Of no use to most; stands below the others in the help. */
  readonly isSetting?: true;
};

/** What a command is given and where it writes. */
export type Terminal = {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDir: string;
  /** A person reads what is written. */
  readonly isPerson: boolean;
  readonly isColoured: boolean;
  out(text: string): void;
  error(text: string): void;
};

export type Command = {
  readonly name: string;
  readonly summary: string;
  /** The words behind the name: `URL`. */
  readonly operands?: string;
  readonly maxOperands: number;
  readonly flags: readonly Flag[];
  readonly examples: readonly string[];
  /** Further lines of the help. */
  readonly notes?: string;
  run(given: Given, terminal: Terminal): Promise<ExitCode>;
};

export type Given = {
  readonly operands: readonly string[];
  /** Every value of a flag in the order given; a switch has one empty value. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
};

/** The command line cannot be understood; its message is for the person who typed it. */
export class UsageError extends AppError {
  constructor(message: string) {
    super('MAIN_USAGE', message);
  }
}

export const HELP_FLAG: Flag = { name: '--help', means: 'Say what this command does.' };

/** `-h` is the only short form: it is what people type who do not know the long one. */
const SHORT: ReadonlyMap<string, string> = new Map([['-h', '--help']]);

/** Throws UsageError. Everything behind `--` is an operand. */
export function parseArguments(
  args: readonly string[],
  command: Pick<Command, 'name' | 'flags' | 'maxOperands' | 'operands'>,
): Given {
  const known = new Map([...command.flags, HELP_FLAG].map((flag) => [flag.name, flag]));
  const flags = new Map<string, string[]>();
  const operands: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]!;
    if (arg === '--') {
      operands.push(...args.slice(index + 1));
      break;
    }
    if (!arg.startsWith('-') || arg === '-') {
      operands.push(arg);
      continue;
    }
    const equals = arg.indexOf('=');
    const written = equals < 0 ? arg : arg.slice(0, equals);
    const flag = known.get(SHORT.get(written) ?? written);
    if (flag === undefined) throw unknownFlag(written, command.name, known.keys());
    let value = equals < 0 ? undefined : arg.slice(equals + 1);
    if (flag.value === undefined && value !== undefined) {
      throw new UsageError(`${flag.name} takes no value`);
    }
    if (flag.value !== undefined && value === undefined) {
      value = args[++index];
      // `--config --listen :80` forgot the file; a value that begins with - needs the = form.
      if (value === undefined || /^-./.test(value)) {
        throw new UsageError(`${flag.name} wants a value: ${flag.name} ${flag.value}`);
      }
    }
    const values = flags.get(flag.name) ?? [];
    if (values.length > 0 && flag.repeats !== true) {
      throw new UsageError(`${flag.name} is given twice`);
    }
    flags.set(flag.name, [...values, value ?? '']);
  }
  if (operands.length > command.maxOperands && !flags.has(HELP_FLAG.name)) {
    throw new UsageError(tooMany(operands[command.maxOperands]!, command));
  }
  return { operands, flags };
}

/**
 * Of the first argument that is neither a flag nor the value of one. Past the end where there is
 * none, or a flag before it that no command knows: then what follows may be its value.
 */
export function firstWordIndex(
  args: readonly string[],
  commands: readonly Pick<Command, 'flags'>[],
): number {
  const flags = [...commands.flatMap((command) => command.flags), HELP_FLAG];
  const known = new Map(flags.map((flag) => [flag.name, flag]));
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] as string;
    if (!arg.startsWith('-') || arg === '-') return index;
    const [written = ''] = arg.split('=', 1);
    const flag = known.get(SHORT.get(written) ?? written);
    if (flag === undefined) break;
    if (flag.value !== undefined && written === arg) index++;
  }
  return args.length;
}

export function isGiven(given: Given, name: string): boolean {
  return given.flags.has(name);
}

export function flagValue(given: Given, name: string): string | undefined {
  return given.flags.get(name)?.at(-1);
}

export function flagValues(given: Given, name: string): readonly string[] {
  return given.flags.get(name) ?? [];
}

function unknownFlag(written: string, command: string, known: Iterable<string>): UsageError {
  const near = nearest(
    written.replace(/^-+/, ''),
    [...known].map((name) => name.slice(2)),
  );
  const hint = near === undefined ? `see weir ${command} --help` : `did you mean --${near}?`;
  return new UsageError(`Unknown flag ${printable(written)}, ${hint}`);
}

function tooMany(word: string, command: Pick<Command, 'name' | 'operands'>): string {
  const wanted = command.operands === undefined ? 'no further words' : command.operands;
  return `weir ${command.name} does not know what to do with "${printable(word)}", wanted ${wanted}`;
}

/** What was typed is shown back without what would steer the terminal. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?').slice(0, 80);
}
