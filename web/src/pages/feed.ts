// The public feed.
import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { Post } from '../../../clients/typescript/src/index.ts';
import type { App, Page } from '../app.ts';
import { icon } from '../icons.ts';
import { cover, madeWithAi, type Shown } from '../media.ts';
import { askToSignIn } from '../sign-in.ts';
import { ago, count, typeName } from '../words.ts';
import { List } from './list.ts';

export const shownPost = ({ type, media, caption, prompt, authorName }: Post): Shown => ({
  type,
  media,
  label: caption || prompt || `${typeName(type)} by ${authorName}`,
});

/** Toggle the like. Asks a visitor to sign in first. */
export async function like(app: App, post: Post): Promise<void> {
  if (!app.user) return askToSignIn(app, undefined, false);
  const done = await app.attempt(() => app.studiox.likePost({ postId: post.postId, liked: !post.likedByMe }));
  if (done) [post.likedByMe, post.likeCount] = [done.liked, done.likeCount];
  app.update();
}

export function feedPage(app: App): Page {
  const asked = new URLSearchParams(location.search);
  const tag = asked.get('tag');
  const uid = asked.get('by');
  let sort: 'new' | 'top' = 'new';
  const list = new List<Post>(app, async (cursor) => {
    const { posts, nextCursor } = await app.studiox.getFeed({ sort, tag, uid, cursor, pageSize: 24 });
    return { items: posts, nextCursor };
  });
  void list.reload();
  const order = (by: 'new' | 'top') => () => {
    sort = by;
    void list.reload();
  };

  return {
    title: 'Feed',
    view: () => html`
      <div class="row between wrap">
        <h1>${tag ? `#${tag}` : uid ? (list.items?.[0]?.authorName ?? 'Feed') : 'Feed'}</h1>
        <fieldset class="segments"><legend class="hidden">Order</legend>
          ${(['new', 'top'] as const).map(
            (by) => html`<label><input type="radio" name="sort" .checked=${sort === by} @change=${order(by)} /><span>${by === 'new' ? 'New' : 'Top'}</span></label>`,
          )}
        </fieldset>
      </div>
      ${tag || uid ? html`<p><a href="/feed">‹ All of the feed</a></p>` : nothing}
      ${list.items === null
        ? list.missing()
        : list.items.length === 0
          ? html`<div class="empty"><span class="blob" aria-hidden="true"></span><p>${tag || uid ? 'Nothing here.' : 'Nobody has published anything yet. Be the first.'}</p></div>`
          : html`<div class="grid">${repeat(list.items, ({ postId }) => postId, (post) => tile(app, post))}</div>${list.more()}`}
    `,
  };
}

function tile(app: App, post: Post): TemplateResult {
  const shown = shownPost(post);
  const { postId, authorName, createdAt, likeCount, commentCount, likedByMe = false } = post;
  return html`<article class="tile post">
    <a href="/post/${postId}">
      ${cover(shown, (path) => app.files.public(path))}
      <span class="caption"><strong>${shown.label}</strong><small>${authorName} · ${ago(createdAt)}</small>${madeWithAi}</span>
    </a>
    <p class="counts">
      <button class="link" aria-pressed=${likedByMe} aria-label="Like ${shown.label}, ${likeCount} so far" @click=${() => like(app, post)}>
        ${icon('heart', likedByMe)}${count(likeCount)}
      </button>
      <a href="/post/${postId}" aria-label="Comments on ${shown.label}: ${commentCount}">${icon('comment')}${count(commentCount)}</a>
    </p>
  </article>`;
}
