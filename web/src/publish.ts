// The dialog that publishes a creation to the feed.
import { html } from 'lit-html';
import type { Creation } from '../../clients/typescript/src/index.ts';
import type { App } from './app.ts';
import { keptDraft } from './kept.ts';

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
    app.say('Published to the feed.');
    app.go(`/post/${done.postId}`);
  };
  app.show({
    label: 'Publish',
    view: () => html`<h2>Publish “<bdi>${creation.title || creation.prompt}</bdi>”</h2>
      <form @submit=${submit} @input=${draft.keep}>
        <label>Caption<textarea name="caption" dir="auto" rows="3" maxlength="2000" autofocus
          .value=${draft.text('caption')}></textarea></label>
        <label>Tags <span class="muted">(separated by spaces)</span>
          <input name="tags" dir="auto" maxlength="300" .value=${draft.text('tags')} placeholder="sea dawn" /></label>
        <label class="switch">
          <input type="checkbox" role="switch" name="share" .checked=${draft.checked('share', true)} />
          <span>Share how it was made, so that others can remix it</span></label>
        ${creation.rating === 'mature'
          ? html`<p class="note">This is rated mature, so only people who asked for such posts see it.</p>`
          : html`<label class="switch">
              <input type="checkbox" role="switch" name="mature" .checked=${draft.checked('mature')} />
              <span>Rate it as mature, so that only people who asked for such posts see it</span></label>`}
        <button class="main wide">Publish</button>
      </form>`,
  });
}
