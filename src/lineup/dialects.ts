// This file writes a line-up in the dialect that was asked for.
import type { M3uLineUp } from '../media/m3u/entry.ts';
import { formatM3u } from '../media/m3u/format.ts';
import {
  BOUQUET_TYPE,
  bouquetFile,
  bouquetName,
  formatBouquet,
  formatBouquetIndex,
  formatBouquetScript,
  INDEX_FILE,
  SCRIPT_TYPE,
} from './enigma2.ts';
import { LINE_UP_TYPE } from './line-up.ts';
import { type LineUpRequest, queryFor } from './request.ts';

export type LineUpDocument = {
  readonly text: string;
  readonly contentType: string;
  /** Of letters, digits, `.`, `-` and `_` alone. */
  readonly fileName: string;
};

/** `url` is the address of the line-up without its query. */
export function writeLineUp(
  lineUp: M3uLineUp,
  request: LineUpRequest,
  url: string,
): LineUpDocument {
  const { dialect = 'default', groups } = request;
  const file = bouquetFile(groups);
  switch (dialect) {
    case 'default':
    case 'kodi':
    case 'vlc':
      return m3uDocument(formatM3u(lineUp, dialect));
    case 'enigma2': {
      const text = formatBouquet(bouquetName(groups), lineUp);
      return { text, contentType: BOUQUET_TYPE, fileName: file };
    }
    case 'enigma2-index':
      return { text: formatBouquetIndex(file), contentType: BOUQUET_TYPE, fileName: INDEX_FILE };
    case 'enigma2-script': {
      const text = formatBouquetScript(
        file,
        `${url}?${queryFor({ ...request, dialect: 'enigma2' })}`,
      );
      return { text, contentType: SCRIPT_TYPE, fileName: 'weir-enigma2.sh' };
    }
  }
}

export function m3uDocument(text: string): LineUpDocument {
  return { text, contentType: LINE_UP_TYPE, fileName: 'weir.m3u' };
}
