// This file names what a Kodi that plays IPTV on a screen that nobody sees is made of.
export const KODI = [
  ...['kodi.bin', 'pvr.iptvsimple.so', 'inputstream.ffmpegdirect.so'],
  ...['Xvfb', 'pulseaudio'],
] as const;
