// Sharing a post: the device's own dialog where there is one, else its link is copied.
import { html } from 'lit-html';
import type { App } from './app.ts';

/** Whether the device has a dialog of its own. */
export const canShare = (): boolean => 'share' in navigator;

export async function share(app: App, postId: string, title: string): Promise<void> {
  // The page that previews of links understand; it leads back to the post.
  const link = `${location.origin}/p/${postId}`;
  if (!canShare()) return copy(app, link);
  try {
    await navigator.share({ title, url: link });
  } catch (error) {
    if ((error as Error).name !== 'AbortError') await copy(app, link); // closing the dialog is no failure
  }
}

async function copy(app: App, link: string): Promise<void> {
  const select = (event: Event) => (event.currentTarget as HTMLInputElement).select();
  try {
    await navigator.clipboard.writeText(link);
    app.say('The link was copied.');
  } catch {
    app.show({
      label: 'Link',
      view: () => html`<h2>The link to this post</h2>
        <label>Address<input readonly autofocus .value=${link} @focus=${select} /></label>`,
    });
  }
}
