// This file writes a guide for the channels of a line-up, from the parts that are kept.
import type { Database } from 'bun:sqlite';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { othersTurn } from '../base/turn.ts';
import { VERSION } from '../base/version.ts';
import { parseGuideChannel, writeGuideChannel } from '../media/xmltv/channel.ts';
import { type DayPart, dayParts, keepDayParts } from './fed-days.ts';
import { type GuideFeed, mergedDays, type Served, servedOf, sourceIn } from './feed.ts';
import { GzipFile, type GzipPart, gzipPart } from './gzip-parts.ts';

/** A channel of the line-up, and what feeds it. */
export type WantedChannel = GuideFeed & {
  readonly name: string;
  /** That tuners have it by; of two with the same the first. */
  readonly number?: number;
  readonly logo?: string;
};

export type DocumentSpec = {
  /** Names the file; the same for the same channels and days. */
  readonly key: string;
  /** Guides, the one that is asked first. */
  readonly guides: readonly string[];
  readonly channels: readonly WantedChannel[];
  /** Days since 1970, UTC: both belong to it. */
  readonly fromDay: number;
  readonly toDay: number;
};

export type WrittenDocument = {
  readonly path: string;
  readonly gzipBytes: number;
  readonly textBytes: number;
  /** CRC-32 of the text. */
  readonly crc: number;
  readonly channels: number;
  readonly programmes: number;
};

/** Parts written before others have their turn. */
const STEP_PARTS = 64;

/**
 * One gzip file, put together from what was compressed when it was imported: so a guide for any
 * choice of channels costs reading it. The database is read as it was at the beginning, whatever is
 * imported meanwhile. The file has its name only once it is whole.
 */
export async function writeDocument(
  database: Database,
  folder: string,
  spec: DocumentSpec,
): Promise<WrittenDocument> {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${spec.key}.xml.gz`);
  const half = `${path}.half`;
  const file = await open(half, 'w');
  const gzip = new GzipFile();
  const sums = { gzipBytes: 0, textBytes: 0, programmes: 0 };
  try {
    const write = async (bytes: Uint8Array) => {
      sums.gzipBytes += bytes.length;
      await file.write(bytes);
    };
    await write(gzip.begin());
    let count = 0;
    for (const part of parts(database, spec)) {
      sums.textBytes += part.sizeBytes;
      sums.programmes += part.programmes;
      await write(gzip.add(part));
      count++;
      if (count % STEP_PARTS === 0) await othersTurn();
    }
    await write(gzip.end());
    await file.close();
    renameSync(half, path);
  } catch (error) {
    await file.close().catch(() => {});
    rmSync(half, { force: true });
    throw error;
  }
  return { path, ...sums, crc: gzip.crc, channels: spec.channels.length };
}

/**
 * Makes the parts that have to be made, once, and on a connection that may write: a document finds
 * them, and makes again only what an import took away meanwhile.
 */
export async function prepareParts(database: Database, spec: DocumentSpec): Promise<void> {
  const editions = servedOf(database, spec.guides);
  for (const feed of spec.channels) {
    for (const served of editions) {
      const source = sourceIn(feed, served.guide);
      if (source === undefined || (source === feed.id && !feed.shiftMs)) continue;
      keepDayParts(database, { served, source, feed });
      await othersTurn();
    }
  }
}

type Part = GzipPart & { readonly programmes: number };

function* parts(database: Database, spec: DocumentSpec): Generator<Part> {
  database.run('BEGIN');
  try {
    const editions = servedOf(database, spec.guides);
    yield { ...gzipPart(head(database, spec, editions)), programmes: 0 };
    for (const channel of spec.channels) yield* days(database, spec, editions, channel);
    yield { ...gzipPart('</tv>\n'), programmes: 0 };
  } finally {
    database.run('COMMIT');
  }
}

/**
 * Under our name and number, and none of the guide's: by those, and not by the id, Jellyfin and Plex
 * join the channels of a tuner to their programmes, and a guide has the numbers of another place.
 */
function ownChannel({ id, name, number, logo }: WantedChannel, xml = ''): string {
  const icons = logo === undefined ? parseGuideChannel(xml)?.icons : [logo];
  const texts = number === undefined ? [name] : [name, String(number)];
  return writeGuideChannel({
    id,
    names: texts.map((text) => ({ text })),
    icons: icons ?? [],
    urls: [],
  });
}

/** Every channel of the line-up stands there, since players drop what has none: Plex all of it. */
function head(database: Database, { channels }: DocumentSpec, editions: readonly Served[]): string {
  const find = database.query<{ xml: string }, [string, number, string]>(
    'SELECT xml FROM channel WHERE guide = ? AND edition = ? AND id = ?',
  );
  const lines = channels.map((channel) => {
    for (const { guide, edition } of editions) {
      const source = sourceIn(channel, guide);
      const row = source === undefined ? null : find.get(guide, edition, source);
      if (row !== null) return ownChannel(channel, row.xml);
    }
    return ownChannel(channel);
  });
  const generator = `generator-info-name="weir ${VERSION}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<tv ${generator}>\n${lines.join('\n')}\n`;
}

/** Day by day, each from the first guide that has something for it. */
function days(
  database: Database,
  { fromDay, toDay }: DocumentSpec,
  editions: readonly Served[],
  feed: GuideFeed,
): readonly DayPart[] {
  return mergedDays(editions, feed, (served, source) =>
    dayParts(database, { served, source, feed }, fromDay, toDay),
  );
}
