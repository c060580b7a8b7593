// The question before something that costs money, or that cannot be undone.
import { html } from 'lit-html';
import type { App } from './app.ts';

export interface Question {
  /** What is about to happen, as a question. */
  title: string;
  /** What it costs, or what is lost. */
  text: string;
  yes: string;
  no: string;
  /** Something is lost. */
  bad?: boolean;
}

/** Whether the user agrees. Closing the dialog is a no. */
export function agreed(app: App, { title, text, yes, no, bad = true }: Question): Promise<boolean> {
  return new Promise((resolve) => {
    const answer = (agrees: boolean) => () => {
      resolve(agrees);
      app.show(null);
    };
    app.show({
      label: title,
      closed: answer(false),
      view: () => html`<h2>${title}</h2>
        <p>${text}</p>
        <p class="row wrap">
          <button class=${bad ? 'bad' : 'main'} @click=${answer(true)}>${yes}</button>
          <button autofocus @click=${answer(false)}>${no}</button>
        </p>`,
    });
  });
}
