// This file has hls.js watch a channel, go back in it and return, in one page and one player.
import { join } from 'node:path';
import type { Browser } from 'playwright-core';

/** One address that the player is given, and what it was seen to do with it. */
export type Leg = {
  /** Unix time of what was shown first and last, by the dates of the list. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly playedS: number;
  readonly fatalErrors: readonly string[];
};

const PAGE = `<!doctype html><video id="v" muted playsinline></video><script src="/library.js"></script>
<script>
const video = document.getElementById('v');
let hls;
/** Plays url until so many seconds of it were shown, in the same element. */
window.leg = (url, wantedS) => new Promise((resolve) => {
  if (hls) hls.destroy();
  hls = new Hls();
  const seen = { fromMs: 0, toMs: 0, playedS: 0, fatalErrors: [] };
  let last;
  hls.on(Hls.Events.ERROR, (_, data) => {
    if (!data.fatal) return;
    seen.fatalErrors.push(data.details);
    resolve(seen);
  });
  video.ontimeupdate = () => {
    const step = last === undefined ? 0 : video.currentTime - last;
    last = video.currentTime;
    if (step > 0 && step < 1) seen.playedS += step;
    const date = hls.playingDate;
    if (date) {
      seen.fromMs = seen.fromMs || date.getTime();
      seen.toMs = date.getTime();
    }
    if (seen.playedS >= wantedS && date) resolve(seen);
  };
  hls.loadSource(url);
  hls.attachMedia(video);
  video.play().catch(() => {});
});
</script>`;

export class RewindPage implements AsyncDisposable {
  readonly #server: Bun.Server<undefined>;
  readonly #page: Awaited<ReturnType<Browser['newPage']>>;

  private constructor(
    server: Bun.Server<undefined>,
    page: Awaited<ReturnType<Browser['newPage']>>,
  ) {
    this.#server = server;
    this.#page = page;
  }

  static async open(browser: Browser): Promise<RewindPage> {
    const file = join(import.meta.dir, '../../node_modules/hls.js/dist/hls.min.js');
    const library = await Bun.file(file).text();
    const server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      routes: {
        '/library.js': () =>
          new Response(library, { headers: { 'content-type': 'text/javascript' } }),
      },
      fetch: () => new Response(PAGE, { headers: { 'content-type': 'text/html' } }),
    });
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.port}/`);
    return new RewindPage(server, page);
  }

  async play(url: string, seconds: number): Promise<Leg> {
    return (await this.#page.evaluate(
      ([address, wantedS]) =>
        (globalThis as unknown as { leg: (url: unknown, wantedS: unknown) => unknown }).leg(
          address,
          wantedS,
        ),
      [url, seconds],
    )) as Leg;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#page.close();
    await this.#server.stop(true);
  }
}
