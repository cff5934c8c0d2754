// This file remembers why the list of a rendition, or its segments, did not come the last time.
import type { ErrorRecord } from '../../base/errors.ts';
import { told } from '../answers.ts';
import type { BodyKind } from '../messages.ts';

/** What keeps segments from coming: they themselves, or a key or init segment. */
type BodyTrouble = { readonly of: BodyKind; readonly error: ErrorRecord };

export class Troubles {
  #list: ErrorRecord | undefined;
  /** Why the segments given up last did not come; undefined since one came. */
  #body: BodyTrouble | undefined;
  #asset: ErrorRecord | undefined;

  /** Why the list did not come; undefined since it came. */
  get list(): ErrorRecord | undefined {
    return this.#list;
  }

  /** False where the last poll failed in the same way. */
  pollFailed(error: ErrorRecord): boolean {
    const isNew = this.#list?.code !== error.code;
    this.#list = error;
    return isNew;
  }

  assetFailed(error: ErrorRecord): void {
    this.#asset = error;
  }

  segmentFailed(error: ErrorRecord): void {
    const asset = error.code === 'SOURCE_ASSET' ? this.#asset : undefined;
    this.#body = asset === undefined ? { of: 'segment', error } : { of: 'asset', error: asset };
  }

  listCame(): void {
    this.#list = undefined;
  }

  segmentCame(): void {
    this.#body = undefined;
  }

  /** Why nothing new is listed, as viewers are told it. */
  inWords(): string {
    if (this.#list !== undefined) return `the source fell silent: ${told(this.#list)}`;
    if (this.#body === undefined) return 'the source fell silent: it names nothing new';
    const what = this.#body.of === 'segment' ? 'its segments do' : 'what its segments need does';
    return `${what} not come: ${told(this.#body.error)}`;
  }
}

/** The source answered, and asking again soon will not change the answer. */
export function isRefusal(error: ErrorRecord): boolean {
  const status = error.detail['status'];
  if (error.code === 'SOURCE_STATUS')
    return typeof status === 'number' && status < 500 && status !== 429;
  return error.code === 'NET_ADDRESS_BLOCKED' || error.code === 'NET_URL';
}
