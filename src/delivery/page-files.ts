// This file makes ready the web page: its HTML, its script and its style sheet.
import { basename } from 'node:path';
import type { HTMLBundle } from 'bun';

export type PageAsset = { readonly bytes: Uint8Array<ArrayBuffer>; readonly contentType: string };

export type PageFiles = {
  readonly html: string;
  /** By name; a name holds the hash of its content, so it never means other bytes. */
  readonly assets: ReadonlyMap<string, PageAsset>;
};

/** Where the assets lie, seen from the page. */
export const ASSET_FOLDER = 'console';

type Built = { readonly name: string; readonly blob: Blob };

/**
 * Bun's own route for a page names its files from the root of the host, where a reverse proxy that
 * serves weir under a prefix does not find them. Here they are named from the page.
 */
export async function openPage(bundle: HTMLBundle): Promise<PageFiles> {
  const built = bundle.files === undefined ? await build(bundle.index) : embedded(bundle.files);
  const page = built.find(({ name }) => name.endsWith('.html'));
  if (page === undefined) throw new Error('Cannot make the page: it has no HTML');
  let html = await page.blob.text();
  const assets = new Map<string, PageAsset>();
  for (const { name, blob } of built) {
    if (name === page.name) continue;
    html = relink(html, name);
    const bytes = new Uint8Array(await blob.arrayBuffer());
    assets.set(name, { bytes, contentType: blob.type });
  }
  return { html, assets };
}

/** In the executable they were made with it. */
function embedded(files: NonNullable<HTMLBundle['files']>): Built[] {
  return files.map(({ path }) => ({ name: basename(path), blob: Bun.file(path) }));
}

/** From source they are made now. */
async function build(index: string): Promise<Built[]> {
  const { outputs } = await Bun.build({ entrypoints: [index], target: 'browser', minify: true });
  return outputs.map((output) => ({ name: basename(output.path), blob: output }));
}

/** The bundler writes `/name` or `./name`, as it was told. */
function relink(html: string, name: string): string {
  const written = new RegExp(`="\\.?/${RegExp.escape(name)}"`, 'g');
  const linked = html.replaceAll(written, `="./${ASSET_FOLDER}/${name}"`);
  if (linked === html) throw new Error(`Cannot make the page: it does not name ${name}`);
  return linked;
}
