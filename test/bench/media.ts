// This file makes the media of rows that need a real picture.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { benchDir } from './server.ts';

let made: Promise<string> | undefined;

/** A file of it, which all rows of a run share; it goes with the run. */
export function benchMedia(): Promise<string> {
  made ??= makeIn(benchDir('media'));
  return made;
}

async function makeIn(dir: string): Promise<string> {
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, 'media.ts');
  await makeMedia(file);
  return file;
}

/** Twelve seconds of 720p at 4 Mbit/s in all, a key frame every two seconds; ffmpeg makes it. */
async function makeMedia(file: string): Promise<void> {
  const video = ['-f', 'lavfi', '-i', 'testsrc2=s=1280x720:r=25:d=12,noise=alls=20:allf=t'];
  const sound = ['-f', 'lavfi', '-i', 'sine=r=48000:d=12'];
  const rate = ['-b:v', '3700k', '-maxrate', '3700k', '-bufsize', '1850k'];
  const x264 = [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-g',
    '50',
    '-keyint_min',
    '50',
    ...rate,
  ];
  const cmd = ['ffmpeg', '-v', 'error', '-y', ...video, ...sound, ...x264, '-c:a', 'aac'];
  const { exitCode, stderr } = Bun.spawnSync({ cmd: [...cmd, '-f', 'mpegts', file] });
  if (exitCode !== 0) throw new Error(`Cannot make media: ${stderr}`);
}
