// A creation's or a post's media as elements: pictures, players, text.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { MediaItem } from '../../clients/typescript/src/index.ts';
import { MOST } from './files.ts';
import { icon } from './icons.ts';
import { typeName } from './words.ts';

/** The address of a path; empty while it is not known. */
export type Address = (path: string, bytes?: number) => string;

export interface Shown {
  type: string;
  media: readonly MediaItem[];
  text?: string | undefined;
  /** The alternative text. */
  label: string;
}

export const isPicture = ({ contentType }: MediaItem) => contentType.startsWith('image/');
const isVideo = ({ contentType }: MediaItem) => contentType.startsWith('video/');

/** Everything in the studio is. People must be able to see it where a file is shown (docs/marking.md). */
export const madeWithAi = html`<small class="ai">Made with AI</small>`;

/** A still picture of it, for a grid. */
export function cover({ type, media, text, label }: Shown, address: Address): TemplateResult {
  const [first] = media;
  const picture = first && isPicture(first) ? first.path : first?.imagePath;
  if (picture && first && isPicture(first)) return image(address(picture), label);
  if (picture) return html`<div class="still">${image(address(picture), label)}<span class="glyph">${icon('play', true)}</span></div>`;
  if (first && isVideo(first)) {
    const src = address(first.path, first.bytes);
    return html`<div class="still">
      ${src ? html`<video src="${src}#t=0.1" preload="metadata" muted playsinline tabindex="-1" aria-hidden="true"></video>` : nothing}
      <span class="glyph">${icon('play', true)}</span>
    </div>`;
  }
  if (text) return html`<p class="still quote">${text.slice(0, 220)}</p>`;
  return html`<div class="still blank">${typeName(type)}</div>`;
}

/** All of its media, with players and text. */
export function full({ media, text, label }: Shown, address: Address, played?: () => void): TemplateResult {
  return html`<div class="media">
    ${media.map((item, index) => {
      const src = item.url ?? address(item.path, item.bytes);
      const name = media.length > 1 ? `${item.title ?? label}, ${index + 1} of ${media.length}` : (item.title ?? label);
      if (isPicture(item)) return image(src, name);
      if (!src) return html`<div class="still blank" role="status">${item.bytes > MOST ? 'Open it in the library to play it.' : 'Loading …'}</div>`;
      if (isVideo(item))
        return html`<video controls playsinline preload="metadata" src="${src}#t=0.1" aria-label=${name} @play=${played}></video>`;
      return html`<figure class="track">
        ${item.imagePath ? image(address(item.imagePath), '') : html`<div class="disc">${icon('play', true)}</div>`}
        <figcaption>
          <strong>${item.title ?? label}</strong>
          ${item.tags?.length ? html`<small>${item.tags.join(', ')}</small>` : nothing}
        </figcaption>
        <audio controls preload="metadata" src=${src} aria-label=${name} @play=${played}></audio>
      </figure>`;
    })}
    ${text ? html`<div class="prose" tabindex="0" role="region" aria-label="Text">${text}</div>` : nothing}
  </div>`;
}

function image(src: string, alt: string): TemplateResult {
  return src ? html`<img src=${src} alt=${alt} loading="lazy" />` : html`<div class="still blank" role="img" aria-label=${alt}></div>`;
}
