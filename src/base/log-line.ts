// This file turns one log line into text: JSON for machines, aligned words for people.
import type { LogFields, LogLevel } from './log.ts';
import { redactText, redactValue } from './redact.ts';

export type LogLine = {
  readonly timeMs: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
};

const RESERVED = new Set(['time', 'level', 'message']);

const COLOUR: Readonly<Record<LogLevel, string>> = {
  debug: '\x1b[90m',
  info: '\x1b[32m',
  warn: '\x1b[33m',
  error: '\x1b[31m',
};
const DIM = '\x1b[2m';
const RESET = '\x1b[0m';

/** `{"time":"…","level":"info","message":"…",…fields}` and a line feed. */
export function formatJsonLine(line: LogLine): string {
  const { timeMs, level } = line;
  const record: Record<string, unknown> = Object.create(null);
  record['time'] = new Date(timeMs).toISOString();
  record['level'] = level;
  record['message'] = redactText(line.message);
  for (const [name, value] of safeFields(line.fields)) {
    record[RESERVED.has(name) ? `${name}_` : name] = value;
  }
  return `${JSON.stringify(record)}\n`;
}

/** `12:34:56.789 INFO  message  name=value` and a line feed; local time, for a person at a screen. */
export function formatPrettyLine(line: LogLine, colour: boolean): string {
  const at = new Date(line.timeMs);
  const two = (value: number) => String(value).padStart(2, '0');
  const milliseconds = String(at.getMilliseconds()).padStart(3, '0');
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${milliseconds}`;
  const word = line.level.toUpperCase().padEnd(5);
  const message = printable(redactText(line.message));
  const fields = safeFields(line.fields).map(
    ([name, value]) => `${printable(name)}=${fieldText(value)}`,
  );
  const tail = fields.length === 0 ? '' : `  ${fields.join(' ')}`;
  if (!colour) return `${time} ${word} ${message}${tail}\n`;
  const dimTail = tail === '' ? '' : `${DIM}${tail}${RESET}`;
  return `${DIM}${time}${RESET} ${COLOUR[line.level]}${word}${RESET} ${message}${dimTail}\n`;
}

function safeFields(fields: LogFields): [string, unknown][] {
  const safe = redactValue(fields);
  // A getter that throws leaves a text in place of the fields.
  if (typeof safe !== 'object' || safe === null) return [['fields', safe]];
  return Object.entries(safe).filter(([, value]) => value !== undefined);
}

function fieldText(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"=\\]+$/.test(value)) return printable(value);
  return printable(JSON.stringify(value) ?? String(value));
}

/** What a peer sent must not steer the terminal: control and bidi characters are shown as escapes. */
function printable(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
