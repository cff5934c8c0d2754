// This file writes the manual of the configuration from the schema.
import { OVERRIDABLE, variableOf } from './environment.ts';
import { isStructure, type Key } from './key.ts';
import { KINDS } from './kinds.ts';
import { SCHEMA } from './schema.ts';

const HEAD = '| key | allowed | default | meaning |\n|---|---|---|---|\n';

/** Two Markdown tables: what has an effect, and what is accepted for later versions. */
export function formatManual(): string {
  const now = SCHEMA.filter((key) => key.later !== true).map(manualRow);
  const later = SCHEMA.filter((key) => key.later === true).map(manualRow);
  return `${HEAD}${now.join('')}
\`[]\` stands for each item of a list, \`*\` for a name of your own. A size is written \`256MiB\`,
\`1.5GiB\` or \`64MB\`, a duration \`60s\`, \`1h30m\` or \`500ms\`. A path is relative to the file.

These keys may also be set by a variable, and over that by a flag: ${variables()}.

These keys are read and checked, and have no effect yet:

${HEAD}${later.join('')}`;
}

function manualRow(key: Key): string {
  const fallback = key.required === true ? 'required' : code(key.default ?? '');
  const isShown = key.example === undefined || allowed(key).includes(key.example);
  const example = isShown ? '' : ` For example ${code(key.example ?? '')}.`;
  const restart = key.restart === true ? ' Taken up at the next start.' : '';
  const means = `${key.means}${example}${restart}`;
  return `| ${code(key.path)} | ${cell(allowed(key))} | ${cell(fallback)} | ${cell(means)} |\n`;
}

function allowed(key: Key): string {
  if (!isStructure(key.kind)) return KINDS[key.kind].wanted(key);
  if (key.kind === 'anything') return 'anything for now';
  const word = key.kind === 'map' ? 'a section of names' : `a ${key.kind}`;
  const short = key.shorthand === undefined ? '' : `, or its ${key.shorthand} alone`;
  const single = key.single === true ? ', or its only item alone' : '';
  const most = key.maxCount === undefined ? '' : `, at most ${key.maxCount}`;
  return word + short + single + most;
}

function variables(): string {
  return OVERRIDABLE.map((key) => `${code(key.path)} (${code(variableOf(key))})`).join(', ');
}

function code(text: string): string {
  return text === '' ? '' : `\`${text}\``;
}

/** A bar would end the cell, even inside backticks. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
