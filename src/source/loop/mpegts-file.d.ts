// This file says what importing a media file gives: its path, also inside the binary.
declare module '*.mpegts' {
  const path: string;
  // biome-ignore lint/style/noDefaultExport: an import with { type: 'file' } has nothing else
  export default path;
}
