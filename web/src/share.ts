// Sharing a post: the device's own dialog where there is one, else its link is copied.
import { html } from 'lit-html';
import type { App } from './app.ts';
import { translated } from './language.ts';
import { library as english } from './words/en/library.ts';

const words = translated('library', english);

/** Whether the device has a dialog of its own. */
export const canShare = (): boolean => 'share' in navigator;

export async function share(app: App, postId: string, title: string): Promise<void> {
  // The page that previews of links understand; it leads back to the post.
  const link = `${location.origin}/p/${postId}`;
  if (!canShare()) return copyLink(app, link);
  try {
    await navigator.share({ title, url: link });
  } catch (error) {
    if ((error as Error).name !== 'AbortError') await copyLink(app, link); // closing the dialog is no failure
  }
}

/** Copy a link; where the browser does not let the page do it, show it to be copied by hand. */
export async function copyLink(app: App, link: string): Promise<void> {
  const select = (event: Event) => (event.currentTarget as HTMLInputElement).select();
  try {
    await navigator.clipboard.writeText(link);
    app.say(words.linkCopied);
  } catch {
    app.show({
      label: words.link,
      view: () => html`<h2>${words.theLink}</h2>
        <label>${words.address}<input readonly autofocus .value=${link} @focus=${select} /></label>`,
    });
  }
}
