// This file is the web page's script: it lists the channels and plays the one that is chosen.
import Hls from 'hls.js';

type ChannelRow = {
  readonly id: string;
  readonly name: string;
  readonly number: number | null;
  readonly viewers: number;
  readonly error: { readonly message: string } | null;
  readonly renditions: readonly {
    readonly state: string;
    readonly segments: number;
    readonly error: { readonly message: string } | null;
  }[];
};

const REFRESH_MS = 3000;
/** More rows than this make the page slow; the filter finds the rest. */
const ROWS_MAX = 300;

const byId = (id: string): HTMLElement => document.getElementById(id) as HTMLElement;
const video = byId('video') as HTMLVideoElement;
const filter = byId('filter') as HTMLInputElement;

let channels: readonly ChannelRow[] = [];
let playing: string | undefined;
let player: Hls | undefined;

function addressOf(path: string): string {
  return new URL(path, document.baseURI).href;
}

function play(channel: ChannelRow): void {
  playing = channel.id;
  const address = addressOf(`live/${channel.id}/index.m3u8`);
  byId('playing').textContent = channel.name;
  byId('address').textContent = address;
  say('Starting…');
  player?.destroy();
  player = undefined;
  if (Hls.isSupported()) playWithHls(address);
  else video.src = address;
  void video.play().catch(() => say('Press play'));
  show();
}

function playWithHls(address: string): void {
  player = new Hls({ enableWorker: true });
  player.on(Hls.Events.ERROR, (_, data) => {
    if (!data.fatal) return;
    say(`Playback stopped: ${data.details}; trying again`, 'bad');
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR) player?.recoverMediaError();
    else setTimeout(() => player?.loadSource(address), 2000);
  });
  player.loadSource(address);
  player.attachMedia(video);
}

function say(text: string, state: 'good' | 'bad' = 'good'): void {
  const line = byId('state');
  line.textContent = text;
  line.dataset['state'] = state;
}

function stateOf(channel: ChannelRow): { state: string; text: string } {
  const error = channel.error ?? channel.renditions.find((row) => row.error !== null)?.error;
  if (error !== undefined && error !== null) return { state: 'silent', text: 'no signal' };
  const isLive = channel.renditions.some((row) => row.state === 'following');
  if (!isLive) return { state: 'idle', text: '' };
  return { state: 'live', text: channel.viewers === 1 ? '1 viewer' : `${channel.viewers} viewers` };
}

function rowOf(channel: ChannelRow): HTMLLIElement {
  const item = document.createElement('li');
  const button = document.createElement('button');
  button.type = 'button';
  button.setAttribute('aria-current', String(channel.id === playing));
  const { state, text } = stateOf(channel);
  const badge = cell('badge', text);
  badge.dataset['state'] = state;
  button.append(cell('number', String(channel.number ?? '')), cell('name', channel.name), badge);
  button.addEventListener('click', () => play(channel));
  item.append(button);
  return item;
}

function cell(name: string, text: string): HTMLSpanElement {
  const span = document.createElement('span');
  span.className = name;
  span.textContent = text;
  return span;
}

function show(): void {
  const wanted = filter.value.trim().toLowerCase();
  const found = channels.filter((channel) => channel.name.toLowerCase().includes(wanted));
  byId('channels').replaceChildren(...found.slice(0, ROWS_MAX).map(rowOf));
  const viewers = channels.reduce((sum, channel) => sum + channel.viewers, 0);
  const count = channels.length === 1 ? '1 channel' : `${channels.length} channels`;
  byId('summary').textContent = `${count}, ${viewers === 1 ? '1 viewer' : `${viewers} viewers`}`;
}

async function refresh(): Promise<void> {
  try {
    const answer = await fetch(addressOf('api/channels'));
    channels = (await answer.json()) as readonly ChannelRow[];
    show();
    const first = channels[0];
    if (playing === undefined && channels.length === 1 && first !== undefined) play(first);
  } catch {
    byId('summary').textContent = 'weir does not answer';
  }
}

video.addEventListener('playing', () => say('Playing'));
video.addEventListener('waiting', () => say('Waiting for the picture', 'bad'));
filter.addEventListener('input', show);
byId('line-up').textContent = addressOf('playlist.m3u');
byId('copy').addEventListener('click', () => {
  void navigator.clipboard?.writeText(addressOf('playlist.m3u'));
});
void refresh();
setInterval(() => void refresh(), REFRESH_MS);
