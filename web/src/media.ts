// A creation's or a post's media as elements: pictures, players, text.
import { html, nothing, svg, type TemplateResult } from 'lit-html';
import type { Creation, MediaItem, Post } from '../../clients/typescript/src/index.ts';
import { MOST } from './files.ts';
import { icon } from './icons.ts';
import { say, shown, translated } from './language.ts';
import type { Track } from './player.ts';
import { nameOf, shortened, typeName } from './words.ts';
import { library as english } from './words/en/library.ts';

const words = translated('library', english);

/** The address of a path; empty while it is not known. */
export type Address = (path: string, bytes?: number) => string;

export interface Shown {
  type: string;
  media: readonly MediaItem[];
  text?: string | undefined;
  /** The alternative text. */
  label: string;
}

export const shownCreation = ({ type, media, text, title, prompt }: Creation): Shown => ({
  type,
  media,
  text,
  label: title || prompt,
});

export const shownPost = ({ type, media, caption, prompt, authorName }: Post): Shown => ({
  type,
  media,
  label: caption || prompt || say(words.by, { type: typeName(type), author: nameOf(authorName) }),
});

export const isPicture = ({ contentType }: MediaItem) => contentType.startsWith('image/');
export const isVideo = ({ contentType }: MediaItem) => contentType.startsWith('video/');
export const isSound = ({ contentType }: MediaItem) => contentType.startsWith('audio/');

/** Its songs, as the player takes them. */
export const tracks = ({ media, label }: Shown, address: Address): Track[] =>
  media.filter(isSound).map(({ path, url, title }) => ({ src: url ?? address(path), name: title ?? label }));

/** The most bytes of a file that a list shows while there is no thumbnail: a page of sixty is then 1.5 MB. */
const SMALL = 25_000;

/** Everything in the studio is. People must be able to see it where a file is shown (docs/marking.md). */
export const madeWithAi = html`<small class="ai">${words.madeWithAi}</small>`;

/** Beside what is rated mature. */
export const rated = ({ rating }: Pick<Post, 'rating'>): TemplateResult | typeof nothing =>
  rating === 'mature' ? html`<small class="ai">${words.mature}</small>` : nothing;

/** Its width by its height, within what a grid shows without cutting much off. */
export const ratio = ({ media: [first] }: Shown): number => {
  const { width, height } = first?.thumbnail ?? first ?? {};
  return width && height ? Math.min(2.2, Math.max(0.7, width / height)) : 1;
};

/** The title as the name of a file, without its ending. */
export const saveable = (title: string): string =>
  shortened(title.replace(/[\\/:*?"<>|\s\p{C}]+/gu, ' ').trim(), 80).replace(/…$/, '') || 'StudioX';

/** The file's name where it is saved. */
export function fileName({ media, label }: Shown, index: number): string {
  const item = media[index]!;
  const number = media.length > 1 ? ` ${index + 1}` : '';
  return `${saveable(item.title ?? label)}${number}.${item.path.split('.').at(-1)}`;
}

/** A still picture of it, for a grid: its thumbnail, or itself if it is small. */
export function cover({ type, media, text, label }: Shown, address: Address): TemplateResult {
  const [first] = media;
  const small = first?.thumbnail ?? (first && isPicture(first) && first.bytes <= SMALL ? first : undefined);
  const still = small && image(address(small.path), label, small);
  if (still && first && isPicture(first)) return still;
  if (first && !isPicture(first))
    return html`<div class="still">
      ${still ?? html`<span>${typeName(type)}</span>`}<span class="glyph">${icon('play', true)}</span>
    </div>`;
  if (text) return html`<p class="still quote" dir="auto">${shortened(text, 220)}</p>`;
  return html`<div class="still blank">${typeName(type)}</div>`;
}

/** All of its media, with players and text. */
export function full({ media, text, label }: Shown, address: Address, played?: () => void): TemplateResult {
  return html`<div class="media">
    ${media.map((item, index) => {
      const src = item.url ?? address(item.path, item.bytes);
      const own = item.title ?? label;
      const part = { name: own, number: index + 1, all: media.length };
      const name = media.length > 1 ? say(words.partOf, part) : own;
      if (isPicture(item)) {
        const { thumbnail } = item;
        return frame(image(src, name, item, thumbnail && address(thumbnail.path)), name, item);
      }
      if (!src) {
        const why = item.bytes > MOST ? words.openToPlay : words.loading;
        return html`<div class="still blank" role="status">${why}</div>`;
      }
      if (isVideo(item))
        return frame(html`<video
          controls
          playsinline
          preload="metadata"
          poster=${item.thumbnail ? address(item.thumbnail.path) : nothing}
          width=${item.width ?? nothing}
          height=${item.height ?? nothing}
          src="${src}#t=0.1"
          aria-label=${name}
          @play=${played}
        ></video>`, name, item);
      return html`<figure class="track">
        ${item.thumbnail
          ? image(address(item.thumbnail.path), '', item.thumbnail)
          : html`<div class="disc">${icon('play', true)}</div>`}
        <figcaption>
          <strong>${media.length > 1 ? shown(words.partOf, { ...part, name: html`<bdi>${own}</bdi>` }) : own}</strong>
          ${item.tags?.length ? html`<small>${item.tags.join(', ')}</small>` : nothing}
        </figcaption>
        ${item.waveform ? wave(item.waveform) : nothing}
        <audio controls preload="metadata" src=${src} aria-label=${name} @play=${played} @timeupdate=${heard}></audio>
      </figure>`;
    })}
    ${text
      ? html`<div class="prose" tabindex="0" role="region" dir="auto" aria-label=${words.text}>${text}</div>`
      : nothing}
  </div>`;
}

interface Size {
  width?: number;
  height?: number;
}

/** With the button that opens it in the lightbox, and its size: it has its place before the file. */
export function frame(media: TemplateResult, name: string, measures: Size = {}, over?: unknown): TemplateResult {
  const { width, height } = measures;
  const size = width && height ? `--wide:${width}px;--ratio:${width / height}` : nothing;
  return html`<div class="frame" style=${size}>${media} ${over ?? nothing}
    <button class="round over" aria-label=${say(words.fullScreenThis, { name })}>${icon('full')}</button></div>`;
}

/** How loud it is, from its beginning to its end, and how much was heard. A click goes on from there. */
function wave(waveform: readonly number[]): TemplateResult {
  const bars = waveform.map((loud, at) => `M${at * 3 + 1} ${50 - loud / 2}v${Math.max(loud, 2)}`).join('');
  return html`<svg class="wave" viewBox="0 0 ${waveform.length * 3} 100" preserveAspectRatio="none" aria-hidden="true"
    @click=${seek}>${svg`<path d=${bars} /><path class="heard" d=${bars} />`}</svg>`;
}

function heard({ currentTarget }: Event): void {
  const { parentElement: track, currentTime, duration } = currentTarget as HTMLAudioElement;
  track?.style.setProperty('--heard', `${(100 * currentTime) / duration || 0}%`);
}

/** For a mouse or a finger; the player below it has the keys. */
function seek({ currentTarget, clientX }: MouseEvent): void {
  const bars = currentTarget as SVGElement;
  const audio = bars.parentElement?.querySelector('audio');
  const { left, width } = bars.getBoundingClientRect();
  if (!audio || !Number.isFinite(audio.duration)) return; // its length is not known yet
  audio.currentTime = ((clientX - left) / width) * audio.duration;
  void audio.play().catch(() => undefined);
}

/** With its size, so that nothing moves when it arrives. Until then `first` is seen there: its thumbnail. */
export function image(src: string, alt: string, { width, height }: Size = {}, first = ''): TemplateResult {
  const meanwhile = first ? `background-image:url("${first}")` : nothing;
  if (!src) return html`<div class="still blank" role="img" aria-label=${alt} style=${meanwhile}></div>`;
  const arrived = ({ currentTarget }: Event) => (currentTarget as HTMLElement).style.removeProperty('background-image');
  return html`<img src=${src} alt=${alt} width=${width ?? nothing} height=${height ?? nothing} loading="lazy"
    style=${meanwhile} @load=${arrived} />`;
}
