// When the page has what it shows first: what is not needed for that is fetched then.

export class Quiet {
  private calls = 0;
  private waiting: (() => void)[] = [];

  /** A call has begun (1) or ended (-1). */
  called(change: 1 | -1): void {
    this.calls += change;
    this.look();
  }

  /** Resolves when no call is under way and the browser has nothing to do. */
  wait(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.look();
    });
  }

  private look(): void {
    if (this.waiting.length === 0) return;
    whenIdle(() => {
      if (this.calls > 0) return; // the end of the last one looks again
      for (const go of this.waiting.splice(0)) go();
    });
  }
}

function whenIdle(act: () => void): void {
  if ('requestIdleCallback' in window) requestIdleCallback(act, { timeout: 2_000 });
  else setTimeout(act, 200); // Safari
}
