// The studio: the order form, and the user's work beside it; for visitors, what others have made.
import { html } from 'lit-html';
import type { App } from '../app.ts';
import type { Page } from '../page.ts';
import { tokens } from '../words.ts';
import { OrderForm } from './form.ts';
import { Home, WELCOME } from './home.ts';
import { Work } from './work.ts';

/** The form outlives its page, because an order may be under way, and goes when its user signs out. */
let form: OrderForm | null = null;

function formOf(app: App): OrderForm {
  const uid = app.user?.uid ?? null;
  // A visitor who signs in goes on with the same form, and so does a user whose session was ended.
  const goesOn = form !== null && (form.owner === null || form.owner === uid || (uid === null && app.ended));
  if (form === null || !goesOn) form = new OrderForm(app);
  form.owner = uid ?? form.owner;
  return form;
}

export function studioPage(app: App): Page {
  const work = new Work(app);
  const home = app.user ? null : new Home(app);
  const form = formOf(app);
  form.placed = (jobId) => work.seek(jobId);
  void form.load();
  return {
    title: 'Studio',
    stop: work.stop,
    changed: () => form.renew(),
    view: () => html`
      ${app.user
        ? html`<h1 class="hidden">Studio</h1>`
        : html`<h1 class="hero">Say it. <em>See it, hear it, share it.</em></h1>
            <p class="lead">Pictures, video, music and speech from a sentence. 
              Sign up and get ${tokens(app.options?.welcomeTokens ?? WELCOME)}.</p>`}
      <div class="studio">${form.view()} ${home ? home.view() : work.view()}</div>
    `,
  };
}
