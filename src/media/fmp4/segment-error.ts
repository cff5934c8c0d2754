// This file makes the error for a media segment that cannot be read.
import { FormatError } from '../../base/errors.ts';

export function segmentError(at: number, what: string): FormatError {
  const message = `Cannot read the media segment: ${what}`;
  return new FormatError('fmp4', at, message, 'ISO/IEC 14496-12 §8.8');
}
