// This file writes figures as a table for a terminal and as a page of Markdown.
import type { Figure } from './figure.ts';

const HEAD = ['what', 'weir', 'nginx', 'Varnish', 'target', ''];

function cells(figure: Figure): string[] {
  const { what, weir, nginx = '–', varnish = '–', target, verdict } = figure;
  return [what, weir, nginx, varnish, target, verdict];
}

export function formatTable(figures: readonly Figure[]): string {
  const rows = [HEAD, ...figures.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export type Page = {
  readonly command: string;
  readonly machine: readonly string[];
  readonly figures: readonly Figure[];
  readonly parsers: readonly {
    readonly name: string;
    readonly value: number;
    readonly unit: string;
  }[];
};

export function formatMarkdown(page: Page): string {
  const row = (values: readonly string[]) => `| ${values.join(' | ')} |`;
  const parserRow = ({ name, value, unit }: Page['parsers'][number]) =>
    row([
      name,
      `${value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en-US')} ${unit}`,
    ]);
  return [
    '# Results',
    '',
    `Written by \`${page.command}\`; the next run writes it anew.`,
    '',
    ...page.machine.map((line) => `- ${line}`),
    '',
    row([...HEAD.slice(0, -1), 'verdict']),
    row(HEAD.map(() => '---')),
    ...page.figures.map((figure) => row(cells(figure))),
    '',
    '## How',
    '',
    ...page.figures.map(({ what, note }) => `- **${what}**: ${note}`),
    ...(page.parsers.length === 0
      ? []
      : [
          '',
          '## Parsers',
          '',
          row(['what', 'speed']),
          row(['---', '---']),
          ...page.parsers.map(parserRow),
        ]),
    '',
  ].join('\n');
}
