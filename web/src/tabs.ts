// Tells the other tabs of this browser that something of the account was changed here.
export class Tabs {
  private readonly channel = new BroadcastChannel('studiox');

  constructor(changed: () => void) {
    this.channel.onmessage = changed;
  }

  tell(): void {
    this.channel.postMessage(null);
  }
}
