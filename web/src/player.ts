// What is being heard: one thing at a time, and a song goes on while one browses.
import { html, nothing, type TemplateResult } from 'lit-html';
import { icon } from './icons.ts';
import { translated } from './language.ts';
import { library as english } from './words/en/library.ts';

const words = translated('library', english);

export interface Track {
  src: string;
  name: string;
}

export class Player {
  private audio: HTMLAudioElement | null = null;

  constructor(private readonly changed: () => void) {
    document.addEventListener('play', ({ target }) => alone(target as HTMLMediaElement), true);
  }

  /** Play these, one after the other, on every page. */
  play([track, ...later]: readonly Track[], from = 0): void {
    this.close();
    if (!track) return;
    const audio = new Audio(track.src);
    audio.controls = true;
    audio.ariaLabel = track.name;
    audio.currentTime = from;
    audio.addEventListener('ended', () => {
      if (later.length > 0 && this.audio === audio) this.play(later);
    });
    this.audio = audio;
    alone(audio); // it is not in the page yet
    void audio.play().catch(() => undefined); // it can be started by hand
    this.changed();
  }

  /** The page is about to be left: its song goes on here. */
  keep(): void {
    const playing = [...document.querySelectorAll<HTMLAudioElement>('main audio')].find(({ paused }) => !paused);
    if (playing) this.play([{ src: playing.currentSrc, name: playing.ariaLabel ?? '' }], playing.currentTime);
  }

  close(): void {
    this.audio?.pause();
    this.audio = null;
    this.changed();
  }

  view(): TemplateResult | typeof nothing {
    const { audio } = this;
    if (!audio) return nothing;
    return html`<aside class="dock card" aria-label=${words.player}>
      <strong dir="auto">${audio.ariaLabel}</strong>${audio}
      <button class="round" aria-label=${words.closePlayer} @click=${() => this.close()}>${icon('close')}</button>
    </aside>`;
  }
}

/** Nothing else is heard, and a phone's own controls say what is. */
function alone(playing: HTMLMediaElement): void {
  for (const each of document.querySelectorAll<HTMLMediaElement>('audio, video')) if (each !== playing) each.pause();
  if ('mediaSession' in navigator)
    navigator.mediaSession.metadata = new MediaMetadata({ title: playing.ariaLabel ?? '', artist: 'StudioX' });
}
