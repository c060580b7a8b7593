// One creation of the library, at its own address.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { Creation } from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { withInputs } from '../compare.ts';
import { MOST } from '../files.ts';
import { gate } from '../gate.ts';
import { icon } from '../icons.ts';
import { say, shown, translated } from '../language.ts';
import { star } from '../like.ts';
import { One } from '../list.ts';
import { fileName, madeWithAi, rated, shownCreation } from '../media.ts';
import { onward } from '../onward.ts';
import type { Draft, Page } from '../page.ts';
import { parameters } from '../params.ts';
import { publish } from '../publish.ts';
import { at } from '../words.ts';
import { library as english } from '../words/en/library.ts';
import { putIntoCollection } from './collections.ts';

const words = translated('library', english);

export function creationPage(app: App, creationId: string): Page {
  if (!app.user) return gate(app, words.library, words.toCreation);
  const one = new One<Creation>(app, () => app.studiox.getCreation({ creationId }));
  let counted = false;
  void one.load();

  const played = () => {
    if (counted) return;
    counted = true; // once a visit
    void app.studiox.incrementPlayCount({ creationId }).catch(() => undefined);
  };

  return {
    title: words.creation,
    view: () => {
      const creation = one.value;
      if (creation === undefined) return html`<h1 class="hidden">${words.creation}</h1>${one.missing()}`;
      if (creation === null || app.gone.has(creationId))
        return html`<h1>${words.notInLibrary}</h1><p><a href="/library">${words.backToLibrary}</a></p>`;
      const { title, prompt, params } = creation;
      return html`<p><a href="/library" data-back>‹ ${words.library}</a></p>
        <article class="detail">
          <div class="stage">${withInputs(app, shownCreation(creation), params, played)}</div>
          <div class="side">
            <h1 dir="auto">${title || prompt}</h1>
            <p>${madeWithAi} ${rated(creation)}</p>
            ${about(app, creation)}
            ${title && title !== prompt ? html`<p class="prompt" dir="auto">${prompt}</p>` : nothing}
            ${actions(app, creation)}
            <form class="row" @submit=${(event: SubmitEvent) => rename(app, creation, event)}>
              <label class="grow">${words.title}
                <input name="title" required maxlength="100" dir="auto" .value=${title} /></label>
              <button>${words.rename}</button>
            </form>
            ${parameters(params)}
          </div>
        </article>`;
    },
  };
}

function about(app: App, { type, model, createdAt, playCount, sources = [] }: Creation): TemplateResult {
  const one = sources.length === 1;
  const pictures = sources.map((id, index) => html`${index > 0 ? ' · ' : nothing}<a href="/library/${id}">${
    one ? words.earlierPicture : say(words.earlierPictureOf, { number: index + 1 })}</a>`);
  const facts = [app.madeBy(type, model), at(createdAt), playCount ? say(words.played, { times: playCount }) : ''];
  return html`<p class="muted">${facts.filter(Boolean).join(' · ')}</p>
    ${sources.length > 0 ? html`<p class="muted">${shown(words.madeFrom, { pictures })}</p>` : nothing}`;
}

function actions(app: App, creation: Creation): TemplateResult {
  const { creationId, media, isFavorite, postId } = creation;
  return html`<div class="row wrap">
    <button aria-pressed=${isFavorite} @click=${() => star(app, creation)}>
      ${icon('star', isFavorite)}${words.favourite}</button>
    <button @click=${() => putIntoCollection(app, [creationId])}>${icon('plus')}${words.collection}</button>
    ${onward(creation, app.options?.models ?? []).map(
      ({ label, icon: glyph, draft }) =>
        html`<button @click=${() => begin(app, draft)}>${icon(glyph)}${label}</button>`,
    )}
    ${media.map((_, index) => download(app, creation, index))}
    ${postId
      ? html`<a class="button" href="/post/${postId}">${icon('feed')}${words.inFeed}</a>`
      : media.length > 0
        ? html`<button class="main" @click=${() => publish(app, creation)}>${icon('share')}${words.publish}</button>`
        : nothing}
    <button class="bad" @click=${() => remove(app, creation)}>${icon('trash')}${words.delete}</button>
  </div>`;
}

/** Saves the file. One that is too large to be fetched whole is opened, and the browser saves it from there. */
function download(app: App, creation: Creation, index: number): TemplateResult {
  const { path, bytes, url } = creation.media[index]!;
  const name = fileName(shownCreation(creation), index);
  const one = creation.media.length === 1;
  const label = html`${icon('download')}${one ? words.download : say(words.downloadFile, { number: index + 1 })}`;
  if (bytes > MOST)
    return html`<a class="button" href=${url ?? ''} download=${name} target="_blank" rel="noopener">${label}</a>`;
  const save = () => app.attempt(() => app.files.download(path, name));
  return html`<button title=${name} @click=${save}>${label}</button>`;
}

async function rename(app: App, creation: Creation, event: SubmitEvent): Promise<void> {
  event.preventDefault();
  const title = String(new FormData(event.currentTarget as HTMLFormElement).get('title')).trim();
  const done = await app.attempt(() => app.studiox.updateCreation({ creationId: creation.creationId, title }));
  if (!done) return;
  creation.title = done.title;
  app.say(words.titleChanged);
}

/** Go on in the studio, with the inputs that are still there. */
async function begin(app: App, draft: Draft): Promise<void> {
  const paths = (draft.values['inputPaths'] as string[] | undefined) ?? [];
  const kept = await app.files.kept(paths);
  if (kept.length < paths.length) app.say(words.pictureDeleted);
  app.draft = { ...draft, values: { ...draft.values, ...(paths.length > 0 ? { inputPaths: kept } : {}) } };
  app.go('/');
}

function remove(app: App, { creationId, postId }: Creation): void {
  const text = postId ? words.wasDeletedWithPost : words.wasDeleted;
  app.delete(text, [creationId], () => app.studiox.deleteCreation({ creationId }));
  app.go('/library');
}
