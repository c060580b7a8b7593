// One post, with likes, comments and remixing. Its figures are live.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { Post } from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { agreed } from '../ask.ts';
import { icon } from '../icons.ts';
import { say, shown, translated } from '../language.ts';
import { like } from '../like.ts';
import { full, madeWithAi, rated, shownPost } from '../media.ts';
import { block, decided, report } from '../moderation.ts';
import type { Page } from '../page.ts';
import { parameters } from '../params.ts';
import { canShare, share } from '../share.ts';
import { askToSignIn } from '../sign-in.ts';
import { ago, count, listed, nameOf } from '../words.ts';
import { people as english } from '../words/en/people.ts';
import { Comments } from './comments.ts';
import { One } from '../list.ts';

const words = translated('people', english);
const texts = words.post;

type Figures = Pick<Post, 'likeCount' | 'commentCount' | 'remixCount'>;

export function postPage(app: App, postId: string): Page {
  const comments = new Comments(app, postId);
  const one = new One<Post>(app, () => app.studiox.getPost({ postId }), () => void comments.load());
  void one.load();
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
    title: texts.title,
    stop,
    view: () => {
      const post = one.value;
      if (post === undefined) return html`<h1 class="hidden">${texts.title}</h1>${one.missing()}`;
      if (post === null)
        return html`<h1>${texts.gone}</h1>${decided(app, postId)}
          <p><a href="/feed">${texts.backToFeed}</a></p>`;
      const { caption, prompt, params } = post;
      return html`<p><a href="/feed" data-back>${texts.back}</a></p>
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
  const name = html`<a href="/feed?by=${uid}" dir="auto">${nameOf(authorName)}</a>`;
  return html`<p class="muted">${shown(words.by, { name })} ·
    ${app.madeBy(type, model)} · ${ago(createdAt)}
    ${remixOf ? html` · <a href="/post/${remixOf}">${texts.remixed}</a>` : nothing}
    ${sources.length > 0 ? html` · ${texts.fromPicture}` : nothing}</p>`;
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
    <button aria-pressed=${likedByMe} aria-label=${say(texts.like, { likes: likeCount })}
      @click=${() => like(app, post)}>
      ${icon('heart', likedByMe)}${count(likeCount)}
    </button>
    <button @click=${() => share(app, postId, shownPost(post).label)}>
      ${icon('share')}${canShare() ? texts.share : texts.copyLink}</button>
    ${params
      ? html`<button @click=${() => remix(app, post)}>
          ${icon('remix')}${texts.remix}${remixCount ? ` · ${count(remixCount)}` : ''}
        </button>`
      : nothing}
    ${app.user?.uid === uid
      ? html`<button class="bad" @click=${() => remove(app, post)}>${icon('trash')}${texts.remove}</button>`
      : html`<button @click=${() => report(app, postId)}>${icon('flag')}${words.report}</button>
          <button class="link" @click=${() => block(app, uid, nameOf(authorName))}>
            <span>${shown(words.blockName, { name: html`<bdi>${nameOf(authorName)}</bdi>` })}</span></button>`}
  </div>`;
}

async function remix(app: App, post: Post): Promise<void> {
  if (!app.user) return askToSignIn(app, () => void remix(app, post), false);
  const made = await app.attempt(() => app.studiox.remixPost({ postId: post.postId }));
  if (!made) return;
  const { sessionId, params: values, type, model } = made;
  app.draft = { type, model, values, sessionId, from: say(texts.remixOf, { title: shownPost(post).label }) };
  app.go('/');
}

async function remove(app: App, { postId, likeCount, commentCount }: Post): Promise<void> {
  const counted = ([['likes', likeCount], ['comments', commentCount]] as const).filter(([, number]) => number > 0);
  const what = listed(counted.map(([which, number]) => say(words[which], { count: number })), 'conjunction');
  const text = what ? `${say(texts.lost, { what })} ${texts.youKeep}` : texts.youKeep;
  const question = { title: texts.removeAsk, text, yes: texts.yes, no: texts.no };
  if (!(await agreed(app, question))) return;
  if (!(await app.attempt(() => app.studiox.deletePost({ postId })))) return;
  app.say(texts.removed);
  app.go('/feed');
}
