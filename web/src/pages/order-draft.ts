// What is in the order form. It is kept at this tab, also through a reload.
import type { CreateStudioJob, ModelOption } from '../../../clients/typescript/src/index.ts';
import { newRequestId } from '../../../clients/typescript/src/retry.ts';
import type { App } from '../app.ts';
import { Drafted } from '../kept.ts';
import { fitting, flat, request, type Values } from '../order.ts';
import type { Draft } from '../page.ts';

export class OrderDraft {
  /** Who fills the form in, also after the session's end; null: a visitor. */
  owner: string | null;
  type = 'image';
  values: Values = {};
  sessionId = '';
  /** Where its settings are from; empty if it was begun anew. */
  from = '';
  /** Kept until the order is placed: a click after a lost answer is not a second order. */
  requestId = newRequestId();
  private modelId = '';
  private readonly kept: Drafted<Draft>;

  constructor(private readonly app: App) {
    this.kept = new Drafted<Draft>(app, 'order');
    this.owner = this.kept.owner;
    this.fill(this.kept.read());
  }

  fill(draft: Draft | null): void {
    if (!draft) return;
    this.type = draft.type;
    this.modelId = draft.model;
    this.values = flat(draft.values);
    this.sessionId = draft.sessionId ?? '';
    this.from = draft.from;
    this.requestId = draft.requestId ?? newRequestId();
  }

  models(type = this.type): ModelOption[] {
    return this.app.options?.models.filter((each) => each.type === type) ?? [];
  }

  /** The chosen model; null until the catalogue is known. */
  get model(): ModelOption | null {
    const models = this.models();
    return models.find(({ id }) => id === this.modelId) ?? models[0] ?? null;
  }

  /** Keep the values that the chosen model accepts, or the first of this type without another choice. */
  choose(type: string, id = this.modelId): void {
    [this.type, this.modelId] = [type, id];
    const { model } = this;
    if (!model) return;
    this.modelId = model.id;
    this.values = fitting(model, this.values);
  }

  set(name: string, value: unknown): void {
    this.values = { ...this.values, [name]: value };
  }

  clear(): void {
    [this.values, this.sessionId, this.from] = [{}, '', ''];
  }

  /** With another request id the next press is another order. */
  renumber(): void {
    this.requestId = newRequestId();
    const { type, modelId: model, values, sessionId, from, requestId } = this;
    this.kept.write({ type, model, values, sessionId, from, requestId });
  }

  /** What would be ordered of this model. */
  order(model: ModelOption): CreateStudioJob {
    const { values, sessionId } = this;
    return { ...request(model, values), ...(sessionId ? { sessionId } : {}) };
  }
}
