// A picture or film over the whole window, and the page's others before and after it. Fetched when one is opened.
import { html, nothing, type TemplateResult } from 'lit-html';
import { keyed } from 'lit-html/directives/keyed.js';
import type { App } from './app.ts';
import { icon } from './icons.ts';
import './lightbox.css';
import { madeWithAi } from './media.ts';

/** A finger that moves so far sideways, in pixels, goes on to the next one. */
const SWIPE = 40;

interface Frame {
  film: boolean;
  src: string;
  poster: string;
  label: string;
}

const media = (frame: Element): HTMLImageElement | HTMLVideoElement | null => frame.querySelector('img, video');

function frameOf(shown: HTMLImageElement | HTMLVideoElement): Frame {
  return shown instanceof HTMLVideoElement
    ? { film: true, src: shown.currentSrc, poster: shown.poster, label: shown.ariaLabel ?? '' }
    : { film: false, src: shown.currentSrc, poster: '', label: shown.alt };
}

/** Open the lightbox at this frame of the page. */
export function lightbox(app: App, opened: Element): void {
  const found = [...document.querySelectorAll('main .frame')].filter((frame) => media(frame)?.currentSrc);
  const frames = found.map((frame) => frameOf(media(frame)!));
  let at = found.indexOf(opened);
  if (at < 0) return; // it has not been loaded yet
  for (const film of document.querySelectorAll('video')) film.pause();

  const go = (step: number) => {
    at = Math.min(Math.max(at + step, 0), frames.length - 1);
    app.update();
  };
  const pressed = ({ key, target }: KeyboardEvent) => {
    if (target instanceof HTMLVideoElement) return; // there the arrows move in the film
    if (key === 'ArrowRight' || key === 'ArrowLeft') go(key === 'ArrowRight' ? 1 : -1);
  };
  document.addEventListener('keydown', pressed);
  app.show({
    label: 'Full screen',
    view: () => view(frames, at, go),
    closed: () => document.removeEventListener('keydown', pressed),
  });
}

function view(frames: readonly Frame[], at: number, go: (step: number) => void): TemplateResult {
  const frame = frames[at]!;
  let from: Touch | undefined;
  const touched = ({ touches }: TouchEvent) => {
    from = touches.length === 1 ? touches[0] : undefined; // two fingers zoom
  };
  const lifted = ({ changedTouches: [to] }: TouchEvent) => {
    if (!from || !to) return;
    const [across, down] = [to.clientX - from.clientX, to.clientY - from.clientY];
    if (Math.abs(across) > SWIPE && Math.abs(across) > Math.abs(down)) go(across < 0 ? 1 : -1);
  };
  const step = (by: number, name: string, to: number) =>
    html`<button class="round" aria-label=${name} aria-disabled=${to < 0 || to >= frames.length}
      @click=${() => go(by)}>${icon(by < 0 ? 'before' : 'after')}</button>`;
  return html`<div class="lightbox" @touchstart=${touched} @touchend=${lifted}>
    ${keyed(
      at,
      frame.film
        ? html`<video controls playsinline src=${frame.src} poster=${frame.poster || nothing}
            aria-label=${frame.label}></video>`
        : html`<img src=${frame.src} alt=${frame.label} />`,
    )}
    <div class="under">
      ${frames.length > 1 ? step(-1, 'Previous', at - 1) : nothing}
      <p><span role="status">${frames.length > 1 ? `${at + 1} of ${frames.length}: ` : ''}${frame.label}</span>
        ${madeWithAi}</p>
      ${frames.length > 1 ? step(1, 'Next', at + 1) : nothing}
    </div>
  </div>`;
}
