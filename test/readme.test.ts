// This file holds the tables of the README to what the program really has.
import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { Glob } from 'bun';
import { formatManual } from '../src/config/manual.ts';
import { COMMANDS } from '../src/main.ts';
import { ERROR_MEANINGS } from './support/error-meanings.ts';
import { createInProcessApp } from './support/in-process-app.ts';
import { ROUTE_MEANINGS } from './support/route-meanings.ts';

const root = join(import.meta.dir, '..');
const file = Bun.file(join(root, 'README.md'));

/** `WRITE_README=1 bun test test/readme.test.ts` writes the tables anew. */
const isWriting = process.env['WRITE_README'] !== undefined;

/** FOLDER_WHAT. */
const CODE =
  /'((?:BASE|ACCESS|MEDIA|NET|CONFIG|CHANNEL|RING|TIER|SOURCE|PREFETCH|PACKAGING|RECORDING|GUIDE|LINEUP|DELIVERY|MAIN)_[A-Z_]*[A-Z])'/g;

async function expectBlock(name: string, text: string): Promise<void> {
  const readme = await file.text();
  const pattern = new RegExp(`<!-- ${name} -->\\n([^]*?)<!-- /${name} -->`);
  const block = `\n${text.trim()}\n\n`;
  if (isWriting) {
    await Bun.write(
      join(root, 'README.md'),
      readme.replace(pattern, () => `<!-- ${name} -->\n${block}<!-- /${name} -->`),
    );
    return;
  }
  expect(pattern.exec(readme)?.[1]).toBe(block);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('');
}

/** `/live/:channel` as `/live/{channel}`. */
function toReadmeForm(path: string): string {
  const written = path.replace(/:(\w+)/g, '{$1}');
  // Numbers have the place of names there: the form of the last part tells
  if (written === '/{user}/{password}/{stream}') return '/{user}/{password}/{number}';
  // To the router a parameter ends at a slash: the ending is asked for behind it
  return /^\/(?:live|proxy|archive)\/\{channel\}$/.test(written) ? `${written}.ts` : written;
}

test('README lists the commands as they are', async () => {
  const rows = COMMANDS.map(({ name, operands, summary }) => [
    `\`weir ${name}${operands === undefined ? '' : ` ${operands}`}\``,
    summary,
  ]);
  await expectBlock('commands', table(['command', 'does'], rows));
});

test('README lists the configuration as the schema has it', async () => {
  await expectBlock('configuration', formatManual());
});

test('README lists the routes, and no route is missing', async () => {
  const rows = ROUTE_MEANINGS.map(({ routes, means }) => [
    routes.map((route) => `\`${route}\``).join(', '),
    means,
  ]);
  using app = createInProcessApp([]);
  const served = app.routes.filter((path) => path !== '/*').map(toReadmeForm);
  // Of the form of a route that is listed beside it
  const ofAForm = '/live/{user}/{password}/{number}';
  const listed = ROUTE_MEANINGS.flatMap(({ routes }) => routes).filter((each) => each !== ofAForm);
  expect([...new Set(served)].sort()).toEqual(listed.sort());
  await expectBlock('routes', table(['address', 'is'], rows));
});

test('README lists every error code, and none that is gone', async () => {
  const used = new Set<string>();
  for (const path of new Glob('**/*.ts').scanSync(join(root, 'src'))) {
    const text = await Bun.file(join(root, 'src', path)).text();
    for (const match of text.matchAll(CODE)) used.add(match[1] as string);
  }
  expect([...used].sort()).toEqual(Object.keys(ERROR_MEANINGS).sort());
  const rows = Object.entries(ERROR_MEANINGS)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, means]) => [`\`${code}\``, means]);
  await expectBlock('errors', table(['code', 'means'], rows));
});
