// What a page or a grid shows, one after the other over the whole window. Fetched when it is opened.
import { html, nothing, type TemplateResult } from 'lit-html';
import { keyed } from 'lit-html/directives/keyed.js';
import type { App } from './app.ts';
import { icon } from './icons.ts';
import { rightToLeft, shown, translated } from './language.ts';
import './lightbox.css';
import type { List } from './list.ts';
import { isPicture, isVideo, madeWithAi, full, type Address, type Shown } from './media.ts';
import { library as english } from './words/en/library.ts';

const words = translated('library', english);

/** A finger that moves so far sideways, in pixels, goes on to the next one. */
const SWIPE = 40;
/** The next page of a grid is loaded when so few of the loaded ones are left. */
const AHEAD = 3;

interface Slide {
  /** It is the same one while the grid loads and changes. */
  key: string;
  label: string;
  /** The address of its own page. */
  href?: string;
  view(): TemplateResult;
}

/** Where slides come from. */
interface Slides {
  all(): readonly Slide[];
  /** Whether there are more than `all` has. */
  more(): boolean;
  load(): Promise<void>;
}

/** A grid whose items can be opened. */
export interface Grid<T> {
  list: List<T>;
  /** Whether an item is left out. */
  hidden?: (item: T) => boolean;
  shown(item: T): Shown;
  href(item: T): string;
  address: Address;
}

const picture = (src: string, label: string): TemplateResult =>
  src ? html`<img src=${src} alt=${label} />` : html`<div class="still blank" role="img" aria-label=${label}></div>`;

const film = (src: string, poster: string, label: string): TemplateResult =>
  html`<video controls playsinline src=${src} poster=${poster || nothing} aria-label=${label}></video>`;

const media = (frame: Element): HTMLImageElement | HTMLVideoElement | null =>
  frame.querySelector('img:not(.before), video');

/** The lightbox of a page, open at one of its frames. */
export function lightbox(app: App, opened: Element): void {
  const frames = [...document.querySelectorAll('main .frame')].filter((frame) => media(frame)?.currentSrc);
  const slides = frames.map((frame, index): Slide => {
    const shown = media(frame)!;
    const { currentSrc: src } = shown;
    if (shown instanceof HTMLImageElement)
      return { key: `${index}`, label: shown.alt, view: () => picture(src, shown.alt) };
    const label = shown.ariaLabel ?? '';
    return { key: `${index}`, label, view: () => film(src, shown.poster, label) };
  });
  const first = slides[frames.indexOf(opened)];
  // It is among them once it is loaded.
  if (first) show(app, { all: () => slides, more: () => false, load: async () => undefined }, first.key);
}

/** The lightbox of a grid, open at one of its items. */
export function gridLightbox<T>(app: App, grid: Grid<T>, opened: T): void {
  const { list, hidden = () => false } = grid;
  const slides: Slides = {
    all: () => (list.items ?? []).filter((item) => !hidden(item)).flatMap((item) => slidesOf(grid, item)),
    more: () => list.hasMore,
    load: () => list.next(),
  };
  const [first] = slidesOf(grid, opened);
  if (first) show(app, slides, first.key);
}

/** One for each of an item's media, and one for its text. */
function slidesOf<T>({ shown, href, address }: Grid<T>, item: T): Slide[] {
  const { type, media, text, label } = shown(item);
  const slides = media.map((each): Slide => {
    const name = each.title ?? label;
    const view = () => {
      const { path, bytes, thumbnail } = each;
      const still = () => (thumbnail ? address(thumbnail.path) : '');
      const src = address(path, bytes);
      if (isPicture(each)) return picture(src || still(), name);
      if (isVideo(each) && src) return film(src, still(), name);
      return full({ type, media: [each], label: name }, address);
    };
    return { key: each.path, label: name, href: href(item), view };
  });
  if (text) {
    const view = () => full({ type, media: [], text, label }, address);
    slides.push({ key: href(item), label, href: href(item), view });
  }
  return slides;
}

function show(app: App, slides: Slides, first: string): void {
  let key = first;
  let at = 0;
  /** What has been deleted meanwhile leaves its place to the next one. */
  const find = (all: readonly Slide[]) => {
    const found = all.findIndex((each) => each.key === key);
    at = found >= 0 ? found : Math.min(at, all.length - 1);
    return at;
  };
  const go = async (step: number) => {
    if (find(slides.all()) + step >= slides.all().length && slides.more()) await slides.load();
    const all = slides.all();
    const next = all[Math.min(Math.max(find(all) + step, 0), all.length - 1)];
    if (next) key = next.key;
    if (at > all.length - AHEAD && slides.more()) void slides.load();
    app.update();
  };
  const pressed = ({ key: name, target }: KeyboardEvent) => {
    if (target instanceof HTMLMediaElement) return; // there the arrows move in the film
    if (name === 'ArrowRight' || name === 'ArrowLeft') void go((name === 'ArrowRight') === rightToLeft ? -1 : 1);
  };
  let from: Touch | undefined;
  const touched = ({ touches }: TouchEvent) => {
    from = touches.length === 1 ? touches[0] : undefined; // two fingers zoom
  };
  const lifted = ({ changedTouches: [to] }: TouchEvent) => {
    if (!from || !to) return;
    const [across, down] = [to.clientX - from.clientX, to.clientY - from.clientY];
    if (Math.abs(across) > SWIPE && Math.abs(across) > Math.abs(down)) void go(across < 0 === rightToLeft ? -1 : 1);
  };
  document.addEventListener('keydown', pressed);
  for (const playing of document.querySelectorAll<HTMLMediaElement>('main video')) playing.pause();
  app.show({
    label: words.fullScreen,
    view: () => {
      const all = slides.all();
      const shown = view(all, find(all), slides.more(), (step) => void go(step));
      return html`<div class="lightbox" @touchstart=${touched} @touchend=${lifted}>${shown}</div>`;
    },
    closed: () => {
      document.removeEventListener('keydown', pressed);
      if (key !== first) arrive(slides.all()[at]?.href); // at the tile of what was seen last
    },
  });
}

/** Move the focus to the link of a tile, after the dialog has given it back to its opener. */
function arrive(href: string | undefined): void {
  if (href) document.querySelector<HTMLElement>(`.tile > a[href="${href}"]`)?.focus();
}

function view(
  slides: readonly Slide[],
  at: number,
  more: boolean,
  go: (step: number) => void,
): TemplateResult | typeof nothing {
  const slide = slides[at];
  if (!slide) return nothing; // all have been deleted
  const several = slides.length > 1 || more;
  const step = (by: number, name: string, there: boolean) =>
    html`<button class="round" aria-label=${name} aria-disabled=${!there}
      @click=${() => go(by)}>${icon(by < 0 ? 'before' : 'after')}</button>`;
  const name = html`<bdi>${slide.label}</bdi>`;
  const place = shown(more ? words.placeOfMore : words.placeOf, { number: at + 1, all: slides.length, name });
  return html`${keyed(slide.key, slide.view())}
    <div class="under">
      ${several ? step(-1, words.previous, at > 0) : nothing}
      <p><span role="status">${several ? place : name}</span> ${madeWithAi}
        ${slide.href ? html`<a href=${slide.href}>${words.open}</a>` : nothing}</p>
      ${several ? step(1, words.next, more || at < slides.length - 1) : nothing}
    </div>`;
}
