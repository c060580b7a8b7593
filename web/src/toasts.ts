// Messages at the edge of the page. Each goes after some seconds; until then it may offer something, such as an undo.
import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import { icon } from './icons.ts';
import { translated } from './language.ts';
import { frame as english } from './words/en/frame.ts';

const words = translated('frame', english);

const SHOWN_MS = 7_000;
const OFFERED_MS = 10_000;
/** As long as it is pointed at or has the focus. */
const HELD_MS = 60_000;
const MOST = 3;

export interface Offer {
  label: string;
  act: () => void;
  /** The message went, and the offer was not taken. */
  otherwise?: () => Promise<unknown>;
}

interface Toast {
  id: number;
  text: string;
  bad: boolean;
  offer: Offer | undefined;
  timer: ReturnType<typeof setTimeout> | undefined;
}

export class Toasts {
  private all: Toast[] = [];
  private last = 0;

  constructor(private readonly changed: () => void) {
    document.addEventListener('keydown', this.pressed);
    addEventListener('pagehide', () => void this.settle());
  }

  say(text: string, bad: boolean, offer?: Offer): void {
    const toast: Toast = { id: ++this.last, text, bad, offer, timer: undefined };
    this.all.push(toast);
    if (this.all.length > MOST) void this.end(this.all[0]!);
    this.wait(toast);
    this.changed();
  }

  /** End what waits for an undo: the page is left, or the user signs out. */
  async settle(): Promise<void> {
    await Promise.all(this.all.filter(({ offer }) => offer?.otherwise).map((toast) => this.end(toast)));
  }

  view(): TemplateResult {
    return html`<div class="toasts" role="region" aria-label=${words.messages} aria-live="polite">
      ${repeat(this.all, ({ id }) => id, (toast) => this.one(toast))}
    </div>`;
  }

  private one(toast: Toast): TemplateResult {
    const { text, bad, offer } = toast;
    const hold = () => this.wait(toast, HELD_MS); // nobody has to hurry who is about to press its button
    const wait = () => this.wait(toast);
    return html`<div class=${bad ? 'toast bad' : 'toast'}
      @pointerenter=${hold} @pointerleave=${wait} @focusin=${hold} @focusout=${wait}>
      <span>${text}</span>
      ${offer
        ? html`<button class="link" aria-keyshortcuts=${offer.otherwise ? 'Control+Z Meta+Z' : nothing}
            @click=${() => this.take(toast)}>${offer.label}</button>`
        : nothing}
      <button class="round" aria-label=${words.closeMessage} @click=${() => this.end(toast)}>${icon('close')}</button>
    </div>`;
  }

  private wait(toast: Toast, ms = toast.offer ? OFFERED_MS : SHOWN_MS): void {
    clearTimeout(toast.timer);
    toast.timer = setTimeout(() => void this.end(toast), ms);
  }

  private take(toast: Toast): void {
    if (this.drop(toast)) toast.offer?.act();
  }

  private async end(toast: Toast): Promise<void> {
    if (this.drop(toast)) await toast.offer?.otherwise?.();
  }

  /** Whether it was still there: it ends once. */
  private drop(toast: Toast): boolean {
    clearTimeout(toast.timer);
    const there = this.all.includes(toast);
    this.all = this.all.filter((each) => each !== toast);
    this.changed();
    return there;
  }

  /** The keys of an undo, outside of a field with an undo of its own. */
  private readonly pressed = (event: KeyboardEvent): void => {
    const { key, ctrlKey, metaKey, shiftKey, target } = event;
    if (key.toLowerCase() !== 'z' || !(ctrlKey || metaKey) || shiftKey) return;
    if ((target as Element).closest('input:not([type=checkbox], [type=radio]), textarea')) return;
    const undone = this.all.filter(({ offer }) => offer?.otherwise).at(-1);
    if (!undone) return;
    event.preventDefault();
    this.take(undone);
  };
}
