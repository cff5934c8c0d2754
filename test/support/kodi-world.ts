// This file is a weir with live channels, a guide and pictures of channels, and a Kodi that knows it.
import { join } from 'node:path';
import { FfmpegOrigin } from './ffmpeg-origin.ts';
import { Kodi } from './kodi.ts';
import { recorded } from './recorded-media.ts';
import { createTempFolder } from './temp-folder.ts';
import { until } from './until.ts';
import { Weir } from './weir.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export const NAMES = {
  news: `News 24, "late" & more`,
  sport: '5 USA - Sport',
  arts: 'Arte Größe 艺术',
} as const;

/** What is on at `news`, an hour each; the second is on now. */
export const TITLES = ['Yesterday & tomorrow', 'Now: "Café" <live>', 'Next', 'After that'] as const;

/** What `arts` shows while the test runs: short, so that it has been and can be gone back to. */
export const SHORT = { title: 'Just now', lastsMs: 20_000 } as const;
/** It begins once weir has begun to keep what it shows. */
const SHORT_IN_MS = 8000;

export class KodiWorld implements AsyncDisposable {
  readonly #held = new AsyncDisposableStack();
  /** Since when what is on now is on. */
  readonly onAirSinceMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - HOUR_MS / 3;
  /** When what has just been has begun. */
  readonly shortSinceMs = Math.ceil((Date.now() + SHORT_IN_MS) / 1000) * 1000;
  weir!: Weir;
  kodi!: Kodi;

  /** `query`: what the line-up is asked for. */
  static async start(query: string): Promise<KodiWorld> {
    const world = new KodiWorld();
    try {
      await world.#start(query);
      return world;
    } catch (error) {
      await world[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #start(query: string): Promise<void> {
    const origin = this.#held.use(await FfmpegOrigin.start({ isSmall: true }));
    const logos = this.#held.adopt(await logoServer(), (server) => server.stop(true));
    const folder = this.#held.use(await createTempFolder());
    const guide = await folder.write('guide.xml', guideText(this));
    const logo = `http://127.0.0.1:${logos.port}/news.png?size=64`;
    const live = `sources: ['${origin.url('/v0/index.m3u8')}']`;
    this.weir = this.#held.use(
      await Weir.start({
        yaml: `
allow_private: [127.0.0.0/8]
guides: [{ path: ${guide} }]
overflow: [{ disk: { path: ${join(folder.path, 'segments')}, size: 1GiB } }]
channels:
  - { id: arts, name: '${NAMES.arts}', number: 30, group: 'Kultur; Kunst',
      archive: 1h, keep_warm: true, ${live} }
  - { id: news, name: '${NAMES.news}', number: 7, group: News, guide: n.example,
      logo: '${logo}', ${live} }
  - { id: sport, name: '${NAMES.sport}', number: 12, group: News, ${live} }
`,
      }),
    );
    const hasGuide = async () => (await fetch(this.weir.url('/epg.xml.gz'))).status === 200;
    if (!(await until(hasGuide, 20_000))) throw new Error('Cannot start: no guide was read');
    this.kodi = this.#held.use(await Kodi.start(this.weir.url(`/playlist.m3u?${query}`)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync();
  }
}

/** One picture under any name. */
async function logoServer(): Promise<Bun.Server<undefined>> {
  const words = ['-f', 'lavfi', '-i', 'color=red:size=64x64', '-frames:v', '1'];
  const picture = await recorded(words, 'png');
  const fetch = () => new Response(Bun.file(picture));
  return Bun.serve({ hostname: '127.0.0.1', port: 0, fetch });
}

/** In the time of Berlin in winter, as guides come. */
function guideText({ onAirSinceMs, shortSinceMs }: KodiWorld): string {
  const hours = TITLES.map((title, at) => {
    const startMs = onAirSinceMs + (at - 1) * HOUR_MS;
    return programme('n.example', title, startMs, startMs + HOUR_MS, at === 1 ? MORE : '');
  });
  const shortEndMs = shortSinceMs + SHORT.lastsMs;
  const shorts = [
    programme('arts', SHORT.title, shortSinceMs, shortEndMs),
    programme('arts', 'Later', shortEndMs, shortEndMs + HOUR_MS),
  ];
  return `<?xml version="1.0" encoding="UTF-8"?><tv>
<channel id="n.example"><display-name>News</display-name></channel>
${[...hours, ...shorts].join('\n')}
</tv>`;
}

function programme(channel: string, title: string, startMs: number, stopMs: number, more = '') {
  const time = (ms: number) =>
    `${new Date(ms + HOUR_MS).toISOString().replace(/\D/g, '').slice(0, 14)} +0100`;
  const safe = title.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replace('é', '&#233;');
  return `<programme start="${time(startMs)}" stop="${time(stopMs)}" channel="${channel}"><title lang="de">${safe}</title>${more}</programme>`;
}

const MORE = `<sub-title>The first</sub-title><desc>Über &amp; over, "said" he</desc>
<category>News</category><episode-num system="xmltv_ns">1.4.</episode-num>`;
