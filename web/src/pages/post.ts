// One post, with likes, comments and remixing. Its figures are live.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { Post } from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { agreed } from '../ask.ts';
import { icon } from '../icons.ts';
import { like } from '../like.ts';
import { full, madeWithAi, rated, shownPost } from '../media.ts';
import { block, decided, report } from '../moderation.ts';
import type { Page } from '../page.ts';
import { parameters } from '../params.ts';
import { canShare, share } from '../share.ts';
import { askToSignIn } from '../sign-in.ts';
import { ago, count, several } from '../words.ts';
import { Comments } from './comments.ts';
import { One } from '../list.ts';

type Figures = Pick<Post, 'likeCount' | 'commentCount' | 'remixCount'>;

export function postPage(app: App, postId: string): Page {
  const comments = new Comments(app, postId);
  const one = new One<Post>(app, () => app.studiox.getPost({ postId }), () => void comments.load());
  void one.load();
  void app.catalogue(); // the names of models
  const stop = app.listen(({ followPost }) =>
    followPost(postId, ({ data }) => {
      const { likeCount, commentCount, remixCount } = data as unknown as Figures;
      const post = one.value;
      if (!post) return;
      if (commentCount !== post.commentCount) void comments.renew();
      Object.assign(post, { likeCount, commentCount, remixCount });
      app.update();
    }),
  );

  return {
    title: 'Post',
    stop,
    view: () => {
      const post = one.value;
      if (post === undefined) return html`<h1 class="hidden">Post</h1>${one.missing()}`;
      if (post === null)
        return html`<h1>This is no longer in the feed</h1>${decided(app, postId)}
          <p><a href="/feed">Back to the feed</a></p>`;
      const { caption, prompt, params } = post;
      return html`<p><a href="/feed" data-back>‹ Feed</a></p>
        <article class="detail">
          <div class="stage">${full(shownPost(post), (path) => app.files.public(path))}</div>
          <div class="side">
            <h1 dir="auto">${shownPost(post).label}</h1>
            <p>${madeWithAi} ${rated(post)}</p>
            ${about(app, post)}
            ${prompt && prompt !== caption ? html`<p class="prompt" dir="auto">${prompt}</p>` : nothing}
            ${tagged(post)}
            ${actions(app, post)}
            ${params ? parameters(params) : nothing}
            ${comments.view(post)}
          </div>
        </article>`;
    },
  };
}

function about(app: App, post: Post): TemplateResult {
  const { uid, authorName, type, model, createdAt, remixOf, sources = [] } = post;
  return html`<p class="muted">by <a href="/feed?by=${uid}" dir="auto">${authorName}</a> ·
    ${app.madeBy(type, model)} · ${ago(createdAt)}
    ${remixOf ? html` · <a href="/post/${remixOf}">a remix</a>` : nothing}
    ${sources.length > 0 ? ' · made from an earlier picture' : nothing}</p>`;
}

const tagged = ({ tags }: Post): TemplateResult | typeof nothing =>
  tags.length === 0
    ? nothing
    : html`<p class="row wrap">
        ${tags.map((tag) => html`<a class="tag" dir="auto" href="/feed?tag=${encodeURIComponent(tag)}">#${tag}</a>`)}
      </p>`;

function actions(app: App, post: Post): TemplateResult {
  const { postId, uid, authorName, params, likeCount, remixCount, likedByMe = false } = post;
  return html`<div class="row wrap">
    <button aria-pressed=${likedByMe} aria-label="Like, ${likeCount} so far" @click=${() => like(app, post)}>
      ${icon('heart', likedByMe)}${count(likeCount)}
    </button>
    <button @click=${() => share(app, postId, shownPost(post).label)}>
      ${icon('share')}${canShare() ? 'Share' : 'Copy the link'}</button>
    ${params
      ? html`<button @click=${() => remix(app, post)}>
          ${icon('remix')}Remix${remixCount ? ` · ${count(remixCount)}` : ''}
        </button>`
      : nothing}
    ${app.user?.uid === uid
      ? html`<button class="bad" @click=${() => remove(app, post)}>${icon('trash')}Remove from the feed</button>`
      : html`<button @click=${() => report(app, postId)}>${icon('flag')}Report</button>
          <button class="link" @click=${() => block(app, uid, authorName)}>Block <bdi>${authorName}</bdi></button>`}
  </div>`;
}

async function remix(app: App, post: Post): Promise<void> {
  if (!app.user) return askToSignIn(app, () => void remix(app, post), false);
  const made = await app.attempt(() => app.studiox.remixPost({ postId: post.postId }));
  if (!made) return;
  const { sessionId, params: values, type, model } = made;
  app.draft = { type, model, values, sessionId, from: `A remix of “${shownPost(post).label}”` };
  app.go('/');
}

async function remove(app: App, { postId, likeCount, commentCount }: Post): Promise<void> {
  const lost = [likeCount ? several(likeCount, 'like') : '', commentCount ? several(commentCount, 'comment') : ''];
  const words = lost.filter(Boolean).join(' and ');
  const text = `${words ? `${words} will be lost. ` : ''}You keep it in your library.`;
  const question = { title: 'Remove this from the feed?', text, yes: 'Remove', no: 'Keep it' };
  if (!(await agreed(app, question))) return;
  if (!(await app.attempt(() => app.studiox.deletePost({ postId })))) return;
  app.say('Removed from the feed. You still have it in your library.');
  app.go('/feed');
}
