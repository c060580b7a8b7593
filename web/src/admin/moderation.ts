// The moderation queue: what was reported beside the decision and its reason, appeals, and claims with their proofs.
import { html, type TemplateResult } from 'lit-html';
import type { GetModerationQueue, ModerationItem } from '../../../clients/typescript/src/index.ts';
import { List } from '../list.ts';
import { decision } from './decision.ts';
import { claim } from './claim.ts';
import type { Desk, Section } from './desk.ts';
import { review } from './words.ts';

type Kind = NonNullable<GetModerationQueue['kind']>;

const texts = review.queue;
const KINDS: readonly Kind[] = ['posts', 'comments', 'appeals', 'claims'];

export class Moderation implements Section {
  private kind: Kind = 'posts';
  private readonly list: List<ModerationItem>;

  constructor(private readonly desk: Desk) {
    this.list = new List<ModerationItem>(desk, async (cursor) => {
      const found = await desk.studiox.getModerationQueue({ kind: this.kind, cursor, pageSize: 10 });
      return { items: found.items, nextCursor: found.nextCursor };
    });
  }

  async load(): Promise<void> {
    await this.list.reload();
  }

  private choose(kind: Kind): void {
    this.kind = kind;
    this.list.items = null;
    void this.list.reload();
  }

  private readonly decided = (item: ModerationItem, said: string): void => {
    this.list.items = this.list.items?.filter((each) => each !== item) ?? null;
    this.desk.app.say(said);
  };

  view(): TemplateResult {
    const { kind, list } = this;
    const card = kind === 'claims' ? claim : decision;
    return html`<fieldset class="segments"><legend class="hidden">${texts.legend}</legend>
        ${KINDS.map((each) => html`<label>
          <input type="radio" name="kind" .checked=${each === kind} @change=${() => this.choose(each)} />
          <span>${texts.kinds[each]}</span></label>`)}
      </fieldset>
      ${list.items === null ? list.missing() : ''}
      ${list.items?.length === 0 ? html`<p class="muted">${texts.empty[kind]}</p>` : ''}
      ${list.items?.map((item) => card(this.desk, item, (said) => this.decided(item, said)))}
      ${list.more()}`;
  }
}
