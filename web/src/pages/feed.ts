// The public feed.
import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { Post } from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { icon } from '../icons.ts';
import { kept, keptMine, type Shelf } from '../kept.ts';
import { like } from '../like.ts';
import { cover, madeWithAi, rated, ratio, shownPost } from '../media.ts';
import type { Page } from '../page.ts';
import { waitingTiles } from '../waiting.ts';
import { ago, count } from '../words.ts';
import { List } from '../list.ts';

export function feedPage(app: App): Page {
  const asked = new URLSearchParams(location.search);
  const tag = asked.get('tag');
  const uid = asked.get('by');
  let sort: 'new' | 'top' = 'new';
  // Who is signed in sees which posts they like.
  const shelf = app.user ? keptMine : kept;
  const looks = { loading: waitingTiles(8, true), keep: tag || uid ? undefined : ([shelf, 'feed'] as [Shelf, string]) };
  const list = new List<Post>(app, async (cursor) => {
    const { posts, nextCursor } = await app.studiox.getFeed({ sort, tag, uid, cursor, pageSize: 24 });
    return { items: posts, nextCursor };
  }, looks);
  void list.reload();
  const order = (by: 'new' | 'top') => {
    sort = by;
    void list.reload();
  };
  const heading = () => (tag ? `#${tag}` : uid ? (list.items?.[0]?.authorName ?? 'Feed') : 'Feed');

  return {
    title: 'Feed',
    stop: () => undefined,
    resume: () => void list.refresh(),
    view: () => html`
      <div class="row between wrap">
        <h1>${heading()}</h1>
        <fieldset class="segments"><legend class="hidden">Order</legend>
          ${(['new', 'top'] as const).map(
            (by) => html`<label>
              <input type="radio" name="sort" .checked=${sort === by} @change=${() => order(by)} />
              <span>${by === 'new' ? 'New' : 'Top'}</span></label>`,
          )}
        </fieldset>
      </div>
      ${tag || uid ? html`<p><a href="/feed">‹ All of the feed</a></p>` : nothing}
      ${list.items === null
        ? list.missing()
        : list.items.length === 0
          ? empty(tag || uid ? 'Nothing here.' : 'Nobody has published anything yet. Be the first.')
          : html`<div class="grid">
              ${repeat(list.items, ({ postId }) => postId, (post) => tile(app, post))}
            </div>${list.more()}`}
    `,
  };
}

const empty = (why: string): TemplateResult => html`<div class="empty">
  <span class="blob" aria-hidden="true"></span><p>${why}</p>
</div>`;

function tile(app: App, post: Post): TemplateResult {
  const shown = shownPost(post);
  const { postId, authorName, createdAt, likeCount, commentCount, likedByMe = false } = post;
  const veiled = post.rating === 'mature' ? 'veiled' : '';
  return html`<article class="tile post ${veiled}" style="--ratio:${ratio(shown)}">
    <a href="/post/${postId}">
      ${cover(shown, (path) => app.files.public(path))}
      <span class="caption">
        <strong dir="auto">${shown.label}</strong>
        <small>${authorName} · ${ago(createdAt)}</small> ${madeWithAi} ${rated(post)}
      </span>
    </a>
    <p class="counts">
      <button class="link" aria-pressed=${likedByMe} aria-label="Like ${shown.label}, ${likeCount} so far"
        @click=${() => like(app, post)}>${icon('heart', likedByMe)}${count(likeCount)}</button>
      <a href="/post/${postId}" aria-label="Comments on ${shown.label}: ${commentCount}">
        ${icon('comment')}${count(commentCount)}</a>
    </p>
  </article>`;
}
