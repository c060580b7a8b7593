// The comments on a post, and the form for another one.
import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { Comment, Post } from '../../../clients/typescript/src/index.ts';
import { newRequestId } from '../../../clients/typescript/src/retry.ts';
import type { App } from '../app.ts';
import { Drafted } from '../kept.ts';
import { say, translated } from '../language.ts';
import { block, report } from '../moderation.ts';
import { askToSignIn } from '../sign-in.ts';
import { ago, nameOf, shortened } from '../words.ts';
import { people as english } from '../words/en/people.ts';
import { List } from '../list.ts';

const words = translated('people', english);
const texts = words.comment;

/** What is being written. The request id stays with the text: a repeat after a lost answer is the same comment. */
interface Typed {
  text: string;
  requestId: string;
}

export class Comments {
  private readonly list: List<Comment>;
  private readonly draft: Drafted<Typed>;

  constructor(
    private readonly app: App,
    private readonly postId: string,
  ) {
    this.draft = new Drafted<Typed>(app, `comment.${postId}`);
    this.list = new List<Comment>(app, async (cursor) => {
      const found = await app.studiox.getComments({ postId, cursor, pageSize: 20 });
      return { items: found.comments, nextCursor: found.nextCursor };
    });
  }

  load(): Promise<void> {
    return this.list.reload();
  }

  /** Others have written, or a comment is gone: what the reader has opened stays. */
  renew(): Promise<void> {
    return this.list.items === null ? this.load() : this.list.refresh();
  }

  view({ uid, commentCount }: Post): TemplateResult {
    const { items } = this.list;
    const shown = items?.filter(({ commentId }) => !this.app.gone.has(commentId)) ?? [];
    const onMine = this.app.user?.uid === uid;
    const count = commentCount - ((items?.length ?? 0) - shown.length);
    return html`<section aria-label=${texts.all}>
      <h2 tabindex="-1">${say(words.comments, { count })}</h2>
      <form class="row" @submit=${this.send}>
        <label class="grow"><span class="hidden">${texts.yours}</span>
          <input name="text" dir="auto" required maxlength="2000" autocomplete="off"
            .value=${this.draft.read()?.text ?? ''} @input=${this.typed}
            placeholder=${texts.kind} /></label>
        <button class="main">${texts.send}</button>
      </form>
      <ul class="plain comments">
        ${repeat(shown, ({ commentId }) => commentId, (comment) => this.comment(comment, onMine))}
      </ul>
      ${items === null ? this.list.missing() : this.list.more()}
    </section>`;
  }

  private comment(comment: Comment, onMine: boolean): TemplateResult {
    const { app, postId } = this;
    const { uid, text, createdAt } = comment;
    const name = nameOf(comment.authorName);
    const others = app.user && uid && uid !== app.user.uid;
    const link = (act: string, label: string, run: (event: Event) => unknown) =>
      html`<button class="link" aria-label=${label} @click=${run}>${act}</button>`;
    const quoted = { text: shortened(text, 40) };
    return html`<li>
      <p><strong dir="auto">${name}</strong> <small>${ago(createdAt)}</small></p>
      <p dir="auto">${text}</p>
      ${app.user && (onMine || uid === app.user.uid)
        ? link(texts.delete, say(texts.deleteIt, quoted), (event) => this.remove(comment, event))
        : nothing}
      ${others
        ? html`${link(words.report, say(texts.reportIt, quoted), () => report(app, postId, comment))}
            ${link(words.block, say(words.blockName, { name }), () => block(app, uid, name))}`
        : nothing}
    </li>`;
  }

  private readonly typed = ({ currentTarget }: Event): void => {
    const text = (currentTarget as HTMLInputElement).value;
    this.draft.write({ text, requestId: newRequestId() });
  };

  private readonly send = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const { app, draft, postId } = this;
    const form = event.currentTarget as HTMLFormElement;
    if (!app.user) return askToSignIn(app, undefined, false); // the draft is there afterwards
    const text = String(new FormData(form).get('text'));
    const kept = draft.read();
    const requestId = kept?.text === text ? kept.requestId : newRequestId();
    if (!(await app.attempt(() => app.studiox.commentPost({ postId, text: text.trim(), requestId })))) return;
    draft.forget();
    form.reset();
    app.update();
  };

  private remove({ commentId }: Comment, { currentTarget }: Event): void {
    const { app, postId } = this;
    (currentTarget as Element).closest('section')?.querySelector('h2')?.focus(); // the button goes with the comment
    app.delete(texts.deleted, [commentId], () => app.studiox.deleteComment({ postId, commentId }));
  }
}
