// What is being heard: one thing at a time, and a song goes on while one browses.
import { html, nothing, type TemplateResult } from 'lit-html';
import { icon } from './icons.ts';

export class Player {
  private audio: HTMLAudioElement | null = null;

  constructor(private readonly changed: () => void) {
    document.addEventListener('play', pauseOthers, true);
  }

  /** The page is about to be left: its song goes on here. */
  keep(): void {
    const playing = [...document.querySelectorAll<HTMLAudioElement>('main audio')].find(({ paused }) => !paused);
    if (!playing) return;
    const audio = new Audio(playing.currentSrc);
    audio.controls = true;
    audio.ariaLabel = playing.ariaLabel;
    audio.currentTime = playing.currentTime;
    this.close();
    this.audio = audio;
    void audio.play().catch(() => undefined); // it can be started by hand
  }

  close(): void {
    this.audio?.pause();
    this.audio = null;
    this.changed();
  }

  view(): TemplateResult | typeof nothing {
    const { audio } = this;
    if (!audio) return nothing;
    return html`<aside class="dock card" aria-label="Player">
      <strong dir="auto">${audio.ariaLabel}</strong>${audio}
      <button class="round" aria-label="Close the player" @click=${() => this.close()}>${icon('close')}</button>
    </aside>`;
  }
}

function pauseOthers({ target }: Event): void {
  for (const each of document.querySelectorAll<HTMLMediaElement>('audio, video')) if (each !== target) each.pause();
}
