// What visitors see beside the order form: what tokens buy, and what others have made.
import { html, type TemplateResult } from 'lit-html';
import type { Post } from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { opener, postGrid, type Playable } from '../grid.ts';
import { icon } from '../icons.ts';
import { kept } from '../kept.ts';
import { say, translated } from '../language.ts';
import { List } from '../list.ts';
import { cover, madeWithAi, ratio, shownPost } from '../media.ts';
import { waitingTiles } from '../waiting.ts';
import { nameOf, tokens } from '../words.ts';
import { making as english } from '../words/en/making.ts';
import { bought } from '../worth.ts';

const words = translated('making', english);

/** The welcome, until the catalogue says how much it is. */
export const WELCOME = 200;
const SHOWN = 6;

export class Home {
  private readonly posts: List<Post>;
  private readonly grid: Playable<Post>;

  constructor(private readonly app: App) {
    this.posts = new List<Post>(
      app,
      async () => {
        const { posts } = await app.studiox.getFeed({ sort: 'top', pageSize: SHOWN });
        return { items: posts, nextCursor: null };
      },
      { loading: waitingTiles(SHOWN), keep: () => [kept, 'home'] },
    );
    this.grid = postGrid(app, this.posts);
    void this.posts.reload();
  }

  view(): TemplateResult {
    const { posts } = this;
    const { options } = this.app;
    const welcome = options?.welcomeTokens ?? WELCOME;
    const buys = say(words.tokensBuy, { tokens: tokens(welcome), things: bought(options, welcome) });
    return html`<section class="home" aria-label=${words.othersMake}>
      <p class="note">${icon('token')}<span>${buys}</span></p>
      <div class="row between"><h2>${words.othersMake}</h2><a href="/feed">${words.allOfFeed}</a></div>
      ${posts.items === null
        ? posts.missing()
        : posts.items.length === 0
          ? html`<p class="muted">${words.nobodyPublished}</p>`
          : html`<div class="grid">${posts.items.map((post) => this.tile(post))}</div>`}
    </section>`;
  }

  private tile(post: Post): TemplateResult {
    const shown = shownPost(post);
    return html`<article class="tile" style="--ratio:${ratio(shown)}">
      <a href="/post/${post.postId}">
        ${cover(shown, (path) => this.app.files.public(path))}
        <span class="caption"><strong dir="auto">${shown.label}</strong>
          <small dir="auto">${nameOf(post.authorName)}</small> ${madeWithAi}</span>
      </a>
      ${opener(this.app, this.grid, post)}
    </article>`;
  }
}
