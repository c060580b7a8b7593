// What the frame shows: a page, and a dialog over it; and what one page hands to the next.
import type { TemplateResult } from 'lit-html';

/** The current page: `view` renders its state, `stop` ends its listeners. */
export interface Page {
  title: string;
  view(): TemplateResult;
  /** The balance, the notifications or the catalogue have changed. */
  changed?(): void;
  /** Reload the account data that it shows. */
  renew?(): void;
  stop?(): void;
  /** Go on after `stop`: the page is shown again, as it was. */
  resume?(): void;
}

/** A dialog over the page; `view` fills it. */
export interface Dialog {
  label: string;
  view(): TemplateResult;
  closed?(): void;
}

/** The initial values of the studio's form. */
export interface Draft {
  type: string;
  model: string;
  values: Record<string, unknown>;
  sessionId?: string;
  /** Shown above the form. */
  from: string;
  /** Of an order that may have been sent. */
  requestId?: string;
}
