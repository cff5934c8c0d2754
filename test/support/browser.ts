// This file plays a stream with hls.js or mpegts.js in headless Chromium.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** No look-ups or updates of its own: nothing but the pages of the test is to be reached. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];

export function chromiumPath(): string | undefined {
  const path = CHROMIUM.find((candidate) => existsSync(candidate));
  if (path === undefined) console.warn('SKIPPED: Chromium is not on this machine');
  return path;
}

export type Watched = {
  /** Seconds of the stream that were shown. */
  readonly playedS: number;
  /** Times the picture stood still for want of data after it had begun. */
  readonly stalls: number;
  readonly fatalErrors: readonly string[];
  readonly height: number;
};

export class Chromium implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #profile: string;

  private constructor(browser: Browser, profile: string) {
    this.#browser = browser;
    this.#profile = profile;
  }

  static async start(executablePath: string): Promise<Chromium> {
    const profile = mkdtempSync(join(tmpdir(), 'weir-chromium-'));
    const browser = await chromium.launch({ executablePath, args: ARGS, headless: true });
    return new Chromium(browser, profile);
  }

  get browser(): Browser {
    return this.#browser;
  }

  /** Plays `url` for so many seconds, or until it is left, on a page of its own: CORS is tried too. */
  async watch(
    url: string,
    until: number | Promise<unknown>,
    library: Library = 'hls.js',
  ): Promise<Watched> {
    const { file, start } = LIBRARIES[library];
    const script = await Bun.file(join(import.meta.dir, '../../node_modules', file)).text();
    await using server = playerPage(script, start);
    const page = await this.#browser.newPage();
    try {
      await page.goto(server.url);
      await page.evaluate((source) => {
        (globalThis as unknown as { start: (url: string) => void }).start(source);
      }, url);
      await (typeof until === 'number' ? Bun.sleep(until * 1000) : until);
      return (await page.evaluate(() => {
        return (globalThis as unknown as { report: () => unknown }).report();
      })) as Watched;
    } finally {
      await page.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    rmSync(this.#profile, { recursive: true, force: true });
  }
}

type Library = 'hls.js' | 'mpegts.js';

/** Where each lies, and how it is told to play `url` in `video`. */
const LIBRARIES: Readonly<Record<Library, { readonly file: string; readonly start: string }>> = {
  'hls.js': {
    file: 'hls.js/dist/hls.min.js',
    start: `
  const hls = new Hls();
  hls.on(Hls.Events.ERROR, (_, data) => { if (data.fatal) state.fatalErrors.push(data.details); });
  hls.loadSource(url);
  hls.attachMedia(video);`,
  },
  'mpegts.js': {
    file: 'mpegts.js/dist/mpegts.js',
    start: `
  mpegts.LoggingControl.enableAll = false;
  const player = mpegts.createPlayer({ type: 'mpegts', isLive: true, url });
  player.on(mpegts.Events.ERROR, (...what) => state.fatalErrors.push(what.slice(0, 2).join(' ')));
  player.attachMediaElement(video);
  player.load();`,
  },
};

function playerPage(library: string, start: string): AsyncDisposable & { readonly url: string } {
  const page = `<!doctype html><video id="v" muted playsinline></video><script src="/library.js"></script>
<script>
const video = document.getElementById('v');
const state = { stalls: 0, fatalErrors: [], begun: false, played: 0, last: 0 };
video.addEventListener('playing', () => { state.begun = true; });
video.addEventListener('waiting', () => { if (state.begun) state.stalls++; });
video.addEventListener('timeupdate', () => {
  const step = video.currentTime - state.last;
  if (step > 0 && step < 1) state.played += step;
  state.last = video.currentTime;
});
window.start = (url) => {
  ${start}
  video.play();
};
window.report = () => ({
  playedS: state.played, stalls: state.stalls, fatalErrors: state.fatalErrors,
  height: video.videoHeight,
});
</script>`;
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request) =>
      request.url.endsWith('/library.js')
        ? new Response(library, { headers: { 'content-type': 'text/javascript' } })
        : new Response(page, { headers: { 'content-type': 'text/html' } }),
  });
  return {
    url: `http://127.0.0.1:${server.port}/`,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}
