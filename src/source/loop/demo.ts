// This file names the demo's media: beside this file, or inside the binary.
import demoPath from './demo.mpegts' with { type: 'file' };

export { demoPath };
