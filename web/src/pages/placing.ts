// Placing the order that is in the form, once, whatever becomes of the answer.
import { isRefusal } from '../../../clients/typescript/src/errors.ts';
import type { CreateStudioJob } from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { say, translated } from '../language.ts';
import { said, shortened } from '../words.ts';
import { making as english } from '../words/en/making.ts';
import type { OrderDraft } from './order-draft.ts';

const words = translated('making', english);

export class Placing {
  /** Why the order in the form was refused; empty if it was not. */
  wrong = '';
  /** Called for each order that was placed. */
  placed: (jobId: string) => void = () => undefined;
  /** The request ids of the orders that are not answered yet: a provider may take half a minute to take one. */
  private readonly sending = new Set<string>();

  constructor(
    private readonly app: App,
    private readonly draft: OrderDraft,
  ) {}

  /** The order in the form is not answered yet. */
  get busy(): boolean {
    return this.sending.has(this.draft.requestId);
  }

  /** Place the order. Until it is answered, the form takes another one as soon as anything in it was changed. */
  async place(order: CreateStudioJob, price: number | null): Promise<void> {
    const { app, draft } = this;
    const { requestId } = draft;
    this.sending.add(requestId);
    this.wrong = '';
    app.update();
    try {
      const maxPrice = price === null ? {} : { maxPrice: price };
      const { jobId } = await app.studiox.createStudioJob({ ...order, requestId, ...maxPrice });
      if (draft.requestId !== requestId) return; // the form holds another order by now
      draft.renumber();
      this.placed(jobId);
    } catch (error) {
      this.refused(error, requestId, order.prompt);
      if (isRefusal(error, 'PriceChanged')) void app.loadCatalogue();
    } finally {
      this.sending.delete(requestId);
      app.update();
    }
  }

  private refused(error: unknown, requestId: string, prompt: string): void {
    const { app, draft } = this;
    const why = said(error);
    const another = () => say(words.refusedOrder, { prompt: shortened(prompt, 40), why });
    if (draft.requestId !== requestId) return app.say(another(), true);
    this.wrong = why;
    // The same request id would return the same refusal, so the next try is another order.
    if (!isRefusal(error, 'NoAnswer') && !isRefusal(error, 'Unavailable')) draft.renumber();
  }
}
