// When the page has what it shows first: what is not needed for that is fetched then.

/** A picture that does not come is not waited for longer than this. */
const PICTURES_MS = 3_000;
/** Longer than `App.update` waits: what an answer brings is drawn, and asks for its pictures. */
const DRAWN_MS = 30;

export class Quiet {
  /** The calls and private files under way, and the first page, until it has begun its calls. */
  private busy = 1;
  private late = 0;
  private waiting: (() => void)[] = [];

  constructor() {
    // Neither bubbles.
    for (const each of ['load', 'error']) document.addEventListener(each, () => this.look(), { capture: true });
  }

  /** A call or a file has begun (1) or ended (-1). */
  called(change: 1 | -1): void {
    this.busy += change;
    if (this.busy === 0) {
      this.late = Date.now() + PICTURES_MS;
      setTimeout(() => this.look(), PICTURES_MS);
    }
    this.look();
  }

  /** Resolves when nothing is under way, the pictures in sight are there, and the browser has nothing to do. */
  wait(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.look();
    });
  }

  private look(): void {
    if (this.waiting.length === 0 || this.busy > 0) return;
    const act = () => {
      // The end of a call, or a picture's arrival, looks again.
      if (this.busy > 0 || (isPictureMissing() && Date.now() < this.late)) return;
      for (const go of this.waiting.splice(0)) go();
    };
    setTimeout(() => whenIdle(act), DRAWN_MS);
  }
}

const isPictureMissing = (): boolean =>
  [...document.images].some((each) => !each.complete && each.getBoundingClientRect().top < innerHeight);

function whenIdle(act: () => void): void {
  if ('requestIdleCallback' in window) requestIdleCallback(act, { timeout: 2_000 });
  else setTimeout(act, 200); // Safari
}
