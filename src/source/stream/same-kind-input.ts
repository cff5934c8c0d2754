// This file reads what was an endless stream before, and says so where it has become a playlist.
import { SourceChangedError } from '../errors.ts';
import type { StreamChunk, StreamConnection, StreamInput } from './input.ts';
import { Sniffer } from './sniff.ts';

export class SameKindInput implements StreamInput {
  readonly #input: StreamInput;

  constructor(input: StreamInput) {
    this.#input = input;
  }

  async open(signal: AbortSignal): Promise<StreamConnection> {
    const connection = await this.#input.open(signal);
    return { ...connection, chunks: stillStream(connection.chunks) };
  }
}

/** A playlist, which may be as long as anything, is no media that is missing. */
async function* stillStream(chunks: AsyncIterable<StreamChunk>): AsyncGenerator<StreamChunk> {
  const sniffer = new Sniffer();
  for await (const chunk of chunks) {
    if (chunk !== 'break' && sniffer.push(chunk) === 'playlist') {
      throw new SourceChangedError('a playlist');
    }
    yield chunk;
  }
}
