// This file is the entry of the thread that does half of an import for the thread of the guides.
import { doWork, type ImportWork } from './import-work.ts';

declare const self: Worker;

self.onmessage = ({ data }: MessageEvent<ImportWork>) => {
  self.postMessage(doWork(data));
};
