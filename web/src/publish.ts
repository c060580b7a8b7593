// The dialog that publishes a creation to the feed.
import { html } from 'lit-html';
import type { Creation } from '../../clients/typescript/src/index.ts';
import type { App } from './app.ts';
import { keptDraft } from './kept.ts';
import { shown, translated } from './language.ts';
import { shortened } from './words.ts';
import { people as english } from './words/en/people.ts';

const words = translated('people', english).publish;

export function publish(app: App, creation: Creation): void {
  const draft = keptDraft(app, `publish.${creation.creationId}`);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const tags = String(form.get('tags')).split(/[\s,#]+/).filter(Boolean);
    const done = await app.attempt(() =>
      app.studiox.publishPost({
        creationId: creation.creationId,
        caption: String(form.get('caption')).trim(),
        tags,
        shareParams: form.get('share') === 'on',
        rating: form.get('mature') === 'on' ? 'mature' : 'general',
      }),
    );
    if (!done) return;
    draft.forget();
    app.say(words.done);
    app.go(`/post/${done.postId}`);
  };
  const title = html`<bdi>${shortened(creation.title || creation.prompt, 80)}</bdi>`;
  app.show({
    label: words.title,
    view: () => html`<h2>${shown(words.heading, { title })}</h2>
      <form @submit=${submit} @input=${draft.keep}>
        <label>${words.caption}<textarea name="caption" dir="auto" rows="3" maxlength="2000" autofocus
          .value=${draft.text('caption')}></textarea></label>
        <label>${words.tags} <span class="muted">${words.tagsHow}</span>
          <input name="tags" dir="auto" maxlength="300" placeholder=${words.tagsSuch}
            .value=${draft.text('tags')} /></label>
        <label class="switch">
          <input type="checkbox" role="switch" name="share" .checked=${draft.checked('share', true)} />
          <span>${words.share}</span></label>
        ${creation.rating === 'mature'
          ? html`<p class="note">${words.isMature}</p>`
          : html`<label class="switch">
              <input type="checkbox" role="switch" name="mature" .checked=${draft.checked('mature')} />
              <span>${words.mature}</span></label>`}
        <button class="main wide">${words.title}</button>
      </form>`,
  });
}
