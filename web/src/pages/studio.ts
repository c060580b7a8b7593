// The studio: the order form, and the user's work beside it; for visitors, what others have made.
import { html } from 'lit-html';
import type { App } from '../app.ts';
import { say, translated } from '../language.ts';
import type { Page } from '../page.ts';
import { tokens } from '../words.ts';
import { making as english } from '../words/en/making.ts';
import { OrderForm } from './form.ts';
import { Home, WELCOME } from './home.ts';
import { Work } from './work.ts';

const words = translated('making', english);

/** The form outlives its page, because an order may be under way, and goes when its user signs out. */
let form: OrderForm | null = null;

function formOf(app: App): OrderForm {
  const uid = app.user?.uid ?? null;
  const owner = form?.draft.owner ?? null;
  // A visitor who signs in goes on with the same form, and so does a user whose session was ended.
  const goesOn = owner === null || owner === uid || (uid === null && app.ended);
  if (form === null || !goesOn) form = new OrderForm(app);
  form.draft.owner = uid ?? form.draft.owner;
  return form;
}

export function studioPage(app: App): Page {
  const work = new Work(app);
  const home = app.user ? null : new Home(app);
  const form = formOf(app);
  form.placing.placed = (jobId) => work.seek(jobId);
  void form.load();
  return {
    title: words.studio,
    stop: work.stop,
    changed: () => form.renew(),
    view: () => html`
      ${app.user
        ? html`<h1 class="hidden">${words.studio}</h1>`
        : html`<h1 class="hero">${words.heroStart} <em>${words.heroEnd}</em></h1>
            <p class="lead">${say(words.lead, { tokens: tokens(app.options?.welcomeTokens ?? WELCOME) })}</p>`}
      <div class="studio">${form.view()} ${home ? home.view() : work.view()}</div>
    `,
  };
}
