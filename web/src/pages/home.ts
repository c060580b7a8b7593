// What visitors see beside the order form: what tokens buy, and what others have made.
import { html, type TemplateResult } from 'lit-html';
import type { Post } from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { opener, postGrid } from '../grid.ts';
import { icon } from '../icons.ts';
import { kept } from '../kept.ts';
import { List } from '../list.ts';
import { cover, madeWithAi, ratio, shownPost } from '../media.ts';
import { waitingTiles } from '../waiting.ts';
import { count } from '../words.ts';
import { most } from '../worth.ts';

/** The welcome, until the catalogue says how much it is. */
export const WELCOME = 200;
const SHOWN = 6;
const KINDS = { image: 'pictures', video: 'films', music: 'songs' };

export class Home {
  private readonly posts: List<Post>;

  constructor(private readonly app: App) {
    this.posts = new List<Post>(
      app,
      async () => {
        const { posts } = await app.studiox.getFeed({ sort: 'top', pageSize: SHOWN });
        return { items: posts, nextCursor: null };
      },
      { loading: waitingTiles(SHOWN), keep: [kept, 'home'] },
    );
    void this.posts.reload();
  }

  view(): TemplateResult {
    const { posts } = this;
    const welcome = this.app.options?.welcomeTokens ?? WELCOME;
    return html`<section class="home" aria-label="What others make">
      <p class="note">${icon('token')}<span>${count(welcome)} tokens buy ${this.bought(welcome)}.</span></p>
      <div class="row between"><h2>What others make</h2><a href="/feed">All of the feed</a></div>
      ${posts.items === null
        ? posts.missing()
        : posts.items.length === 0
          ? html`<p class="muted">Nobody has published anything yet. Be the first.</p>`
          : html`<div class="grid">${posts.items.map((post) => this.tile(post))}</div>`}
    </section>`;
  }

  /** The note has its height before the prices are known. */
  private bought(tokens: number): string {
    const models = this.app.options?.models ?? [];
    const parts = Object.entries(KINDS).map(([type, name]) => [most(models, type, tokens), name] as const);
    const some = parts.filter(([number]) => number > 0).map(([number, name]) => `up to ${count(number)} ${name}`);
    return some.length > 0 ? some.join(', or ') : 'pictures, films and songs';
  }

  private tile(post: Post): TemplateResult {
    const shown = shownPost(post);
    return html`<article class="tile" style="--ratio:${ratio(shown)}">
      <a href="/post/${post.postId}">
        ${cover(shown, (path) => this.app.files.public(path))}
        <span class="caption"><strong>${shown.label}</strong>
          <small>${post.authorName}</small> ${madeWithAi}</span>
      </a>
      ${opener(this.app, postGrid(this.app, this.posts), post)}
    </article>`;
  }
}
