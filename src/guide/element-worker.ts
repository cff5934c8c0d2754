// This file is the entry of the thread that reads elements for the thread of the guides.
import { type ElementBatch, readElements } from './read-elements.ts';

declare const self: Worker;

self.onmessage = ({ data }: MessageEvent<ElementBatch>) => {
  self.postMessage(readElements(data));
};
