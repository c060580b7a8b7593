// The public feed.
import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { Post } from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { opener, postGrid, type Playable } from '../grid.ts';
import { icon } from '../icons.ts';
import { kept, keptMine, type Shelf } from '../kept.ts';
import { say, translated } from '../language.ts';
import { like } from '../like.ts';
import { cover, madeWithAi, rated, ratio, shownPost } from '../media.ts';
import type { Page } from '../page.ts';
import { waitingTiles } from '../waiting.ts';
import { ago, count, nameOf } from '../words.ts';
import { people as english } from '../words/en/people.ts';
import { List } from '../list.ts';

const words = translated('people', english);
const texts = words.feed;

/** What is shown: the address has it, so that it can be shared, and Back leads to it. */
interface Asked {
  sort: 'new' | 'top';
  tag: string;
  uid: string;
}

function asked(): Asked {
  const query = new URLSearchParams(location.search);
  return {
    sort: query.get('sort') === 'top' ? 'top' : 'new',
    tag: query.get('tag') ?? '',
    uid: query.get('by') ?? '',
  };
}

function address({ sort, tag, uid }: Asked): string {
  const given = Object.entries({ tag, by: uid, sort: sort === 'top' ? sort : '' }).filter(([, value]) => value);
  return given.length > 0 ? `/feed?${new URLSearchParams(given)}` : '/feed';
}

export function feedPage(app: App): Page {
  const now = asked();
  const { sort, tag, uid } = now;
  // Who is signed in sees which posts they like. After sign-out an answer that was under way is nobody's.
  const reader = app.user?.uid;
  const keep = (): [Shelf, string] | undefined =>
    app.user?.uid === reader && address(now) === '/feed' ? [reader ? keptMine : kept, 'feed'] : undefined;
  const list = new List<Post>(app, async (cursor) => {
    const wanted = { sort, tag: tag || null, uid: uid || null };
    const { posts, nextCursor } = await app.studiox.getFeed({ ...wanted, cursor, pageSize: 24 });
    return { items: posts, nextCursor };
  }, { loading: waitingTiles(8, true), keep });
  void list.reload();
  const grid = postGrid(app, list);
  const heading = () => (tag ? `#${tag}` : uid ? nameOf(list.items?.[0]?.authorName ?? texts.title) : texts.title);
  const find = (event: SubmitEvent) => {
    event.preventDefault();
    const typed = String(new FormData(event.currentTarget as HTMLFormElement).get('tag'));
    app.go(address({ ...now, tag: typed.replace(/^[#\s]+|\s+$/g, '') }));
  };

  // What a page holds that this reader may not see is left out: there may be more after none.
  const shown = (posts: readonly Post[]) =>
    posts.length === 0 && list.more() === nothing
      ? empty(tag || uid ? texts.noMatch : texts.empty)
      : html`<div class="grid">${repeat(posts, ({ postId }) => postId, (post) => tile(app, grid, post))}</div>`;

  return {
    title: texts.title,
    stop: () => undefined,
    resume: () => void list.refresh(),
    view: () => html`
      <div class="row between wrap">
        <h1 dir="auto">${heading()}</h1>
        <div class="segments" role="group" aria-label=${texts.order}>
          ${(['new', 'top'] as const).map(
            (by) => html`<a href=${address({ ...now, sort: by })} aria-current=${by === sort ? 'true' : nothing}>
              ${texts[by]}</a>`,
          )}
        </div>
        <form class="row find" role="search" @submit=${find}>
          <label class="grow"><span class="hidden">${texts.tag}</span>
            <input type="search" name="tag" dir="auto" maxlength="100" autocomplete="off" .value=${tag}
              placeholder=${texts.findTag} /></label>
          <button>${texts.find}</button>
        </form>
      </div>
      ${tag || uid ? html`<p><a href="/feed">${texts.all}</a></p>` : nothing}
      ${list.items === null ? list.missing() : html`${shown(list.items)}${list.more()}`}
    `,
  };
}

const empty = (why: string): TemplateResult => html`<div class="empty">
  <span class="blob" aria-hidden="true"></span><p>${why}</p>
</div>`;

function tile(app: App, grid: Playable<Post>, post: Post): TemplateResult {
  const shown = shownPost(post);
  const { label } = shown;
  const { postId, authorName, createdAt, likeCount, commentCount, likedByMe = false } = post;
  const veiled = post.rating === 'mature' ? 'veiled' : '';
  return html`<article class="tile post ${veiled}" style="--ratio:${ratio(shown)}">
    <a href="/post/${postId}">
      ${cover(shown, (path) => app.files.public(path))}
      <span class="caption">
        <strong dir="auto">${label}</strong>
        <small><bdi>${nameOf(authorName)}</bdi> · ${ago(createdAt)}</small> ${madeWithAi} ${rated(post)}
      </span>
    </a>
    ${opener(app, grid, post)}
    <p class="counts">
      <button class="link" aria-pressed=${likedByMe} aria-label=${say(texts.like, { label, likes: likeCount })}
        @click=${() => like(app, post)}>${icon('heart', likedByMe)}${count(likeCount)}</button>
      <a href="/post/${postId}" aria-label=${say(texts.comments, { label, comments: commentCount })}>
        ${icon('comment')}${count(commentCount)}</a>
    </p>
  </article>`;
}
