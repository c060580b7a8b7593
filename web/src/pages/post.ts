// One post, with likes, comments and remixing. Its figures are live.
import { doc, onSnapshot } from 'firebase/firestore';
import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import { newRequestId, type Comment, type Post } from '../../../clients/typescript/src/index.ts';
import type { App, Page } from '../app.ts';
import { icon } from '../icons.ts';
import { full, madeWithAi } from '../media.ts';
import { block, decided, report } from '../moderation.ts';
import { askToSignIn } from '../sign-in.ts';
import { ago, count, typeName } from '../words.ts';
import { like, shownPost } from './feed.ts';
import { parameters } from './library.ts';
import { List, One } from './list.ts';

export function postPage(app: App, postId: string): Page {
  const one = new One<Post>(app, () => app.studiox.getPost({ postId }));
  // The request id, kept until the comment is stored: a repeat after a lost answer is the same comment.
  let sending = { text: '', requestId: '' };
  const comments = new List<Comment>(app, async (cursor) => {
    const found = await app.studiox.getComments({ postId, cursor, pageSize: 20 });
    return { items: found.comments, nextCursor: found.nextCursor };
  });
  const load = async () => {
    await one.load();
    if (one.value) await comments.reload();
  };
  void load();
  const stop = onSnapshot(
    doc(app.firestore, 'posts', postId),
    (found) => {
      const data = found.data() as Pick<Post, 'likeCount' | 'commentCount' | 'remixCount'> | undefined;
      const post = one.value;
      if (!post || !data) return;
      const said = data.commentCount !== post.commentCount;
      Object.assign(post, { likeCount: data.likeCount, commentCount: data.commentCount, remixCount: data.remixCount });
      if (said) void comments.reload();
      app.update();
    },
    () => undefined, // hidden or gone: the page itself says so
  );

  const comment = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const text = String(new FormData(form).get('text')).trim();
    if (!app.user) return askToSignIn(app, undefined, false);
    if (sending.text !== text) sending = { text, requestId: newRequestId() };
    if (!(await app.attempt(() => app.studiox.commentPost({ postId, ...sending })))) return;
    sending = { text: '', requestId: '' };
    form.reset();
  };
  const uncomment = async (each: Comment) => {
    if (await app.attempt(() => app.studiox.deleteComment({ postId, commentId: each.commentId }))) await comments.reload();
  };
  const remix = async () => {
    if (!app.user) return askToSignIn(app, undefined, false);
    const made = await app.attempt(() => app.studiox.remixPost({ postId }));
    if (!made) return;
    const { sessionId, params: values, type, model } = made;
    app.draft = { type, model, values, sessionId, from: `A remix of “${shownPost(one.value!).label}”` };
    app.go('/');
  };
  const remove = async () => {
    if (!(await app.attempt(() => app.studiox.deletePost({ postId })))) return;
    app.say('Removed from the feed. You still have it in your library.');
    app.go('/feed');
  };

  return {
    title: 'Post',
    stop,
    view: () => {
      const post = one.value;
      if (post === undefined) return html`<h1 class="hidden">Post</h1>${one.missing(load)}`;
      if (post === null) return html`<h1>This is no longer in the feed</h1>${decided(app, postId)}<p><a href="/feed">Back to the feed</a></p>`;
      const { uid, authorName, type, model, caption, tags, prompt, params, createdAt, likeCount, commentCount, remixCount, remixOf, sources = [], likedByMe = false } = post;
      const mine = app.user?.uid === uid;
      return html`<p><a href="/feed">‹ Feed</a></p>
        <article class="detail">
          <div class="stage">${full(shownPost(post), (path) => app.files.public(path))}</div>
          <div class="side">
            <h1>${shownPost(post).label}</h1>
            <p>${madeWithAi}</p>
            <p class="muted">by <a href="/feed?by=${uid}">${authorName}</a> · ${typeName(type)} by ${app.modelName(model)} · ${ago(createdAt)}
              ${remixOf ? html` · <a href="/post/${remixOf}">a remix</a>` : nothing}${sources.length > 0 ? ' · made from an earlier picture' : nothing}</p>
            ${prompt && prompt !== caption ? html`<p class="prompt">${prompt}</p>` : nothing}
            ${tags.length > 0 ? html`<p class="row wrap">${tags.map((tag) => html`<a class="tag" href="/feed?tag=${encodeURIComponent(tag)}">#${tag}</a>`)}</p>` : nothing}
            <div class="row wrap">
              <button aria-pressed=${likedByMe} aria-label="Like, ${likeCount} so far" @click=${() => like(app, post)}>${icon('heart', likedByMe)}${count(likeCount)}</button>
              <button @click=${() => copyLink(app, postId)}>${icon('share')}Copy the link</button>
              ${params ? html`<button @click=${remix}>${icon('remix')}Remix${remixCount ? ` · ${count(remixCount)}` : ''}</button>` : nothing}
              ${mine
                ? html`<button class="bad" @click=${remove}>${icon('trash')}Remove from the feed</button>`
                : html`<button @click=${() => report(app, postId)}>${icon('flag')}Report</button>
                    <button class="link" @click=${() => block(app, uid, authorName)}>Block ${authorName}</button>`}
            </div>
            ${params ? parameters(params) : nothing}
            <section aria-label="Comments">
              <h2>${commentCount === 1 ? '1 comment' : `${count(commentCount)} comments`}</h2>
              <form class="row" @submit=${comment}>
                <label class="grow"><span class="hidden">Your comment</span>
                  <input name="text" required maxlength="2000" autocomplete="off" placeholder="Say something kind" /></label>
                <button class="main">Send</button>
              </form>
              <ul class="plain comments">
                ${repeat(comments.items ?? [], (each) => each.commentId, (each) => said(app, postId, each, mine, uncomment))}
              </ul>
              ${comments.items === null ? comments.missing() : comments.more()}
            </section>
          </div>
        </article>`;
    },
  };
}

function said(app: App, postId: string, comment: Comment, onMine: boolean, remove: (comment: Comment) => void): TemplateResult {
  const { uid, authorName, text, createdAt } = comment;
  const may = app.user && (onMine || uid === app.user.uid);
  return html`<li>
    <p><strong>${authorName}</strong> <small>${ago(createdAt)}</small></p>
    <p>${text}</p>
    ${may ? html`<button class="link" aria-label="Delete the comment “${text.slice(0, 40)}”" @click=${() => remove(comment)}>Delete</button>` : nothing}
    ${app.user && uid && uid !== app.user.uid
      ? html`<button class="link" aria-label="Report the comment “${text.slice(0, 40)}”" @click=${() => report(app, postId, comment)}>Report</button>
          <button class="link" aria-label="Block ${authorName}" @click=${() => block(app, uid, authorName)}>Block</button>`
      : nothing}
  </li>`;
}

/** The address of the page that previews of links understand; it leads back here. */
async function copyLink(app: App, postId: string): Promise<void> {
  const link = `${location.origin}/p/${postId}`;
  try {
    await navigator.clipboard.writeText(link);
    app.say('The link was copied.');
  } catch {
    app.show({
      label: 'Link',
      view: () => html`<h2>The link to this post</h2>
        <label>Address<input readonly autofocus .value=${link} @focus=${(event: Event) => (event.currentTarget as HTMLInputElement).select()} /></label>`,
    });
  }
}
