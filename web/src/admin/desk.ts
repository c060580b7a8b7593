// What the administrators' pages share: their calls, and the questions before they change something.
import { html, type TemplateResult } from 'lit-html';
import { isRefusal } from '../../../clients/typescript/src/errors.ts';
import type { App } from '../app.ts';
import { words } from './words.ts';

/** A part of the administration, with an address of its own. */
export interface Section {
  view(): TemplateResult;
  load(): Promise<unknown>;
}

/** An administrator's calls. */
export class Desk {
  /** A call was refused because the user is no administrator any more. */
  lost = false;
  /** Something is being changed. */
  busy = false;

  constructor(readonly app: App) {}

  get studiox(): App['studiox'] {
    return this.app.studiox;
  }

  update(): void {
    this.app.update();
  }

  /** Run a call that may be refused. Shows the refusal and returns null then. */
  async attempt<T>(act: () => Promise<T>): Promise<T | null> {
    try {
      return await act();
    } catch (error) {
      this.lost ||= isRefusal(error, 'Forbidden');
      if (this.lost) this.app.show(null);
      else this.app.fail(error);
      return null;
    } finally {
      this.update();
    }
  }

  /** The same for what is shown; `again` runs when a lost connection is back. */
  load<T>(read: () => Promise<T>, again: () => void): Promise<T | null> {
    return this.attempt(() => this.app.connection.loading(read, again));
  }

  /** The same for what changes something: one at a time. */
  async change<T>(act: () => Promise<T>): Promise<T | null> {
    if (this.busy) return null;
    this.busy = true;
    this.update();
    const done = await this.attempt(act);
    this.busy = false;
    return done;
  }
}

interface Question {
  title: string;
  /** What happens, with the figures and the names. */
  text: TemplateResult | string;
  /** The button. */
  act: string;
  bad?: boolean;
  /** Fields beside the reason. */
  fields?: TemplateResult;
  /** Said when it is done. */
  done: string;
}

/** Say what happens, ask for a reason, and do it. Pressed again, it is the same request, which counts once. */
export function question(
  desk: Desk,
  asked: Question,
  send: (given: { form: FormData; reason: string; requestId: string }) => Promise<unknown>,
): void {
  const { app } = desk;
  const requestId = crypto.randomUUID();
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const reason = String(form.get('reason')).trim();
    if (!(await desk.change(() => send({ form, reason, requestId }).then(() => true)))) return;
    app.show(null);
    app.say(asked.done);
  };
  app.show({
    label: asked.title,
    view: () => html`<h2>${asked.title}</h2>
      <p>${asked.text}</p>
      <form @submit=${submit}>
        ${asked.fields}
        <label>${words.reason}<textarea name="reason" rows="2" maxlength="500" required></textarea></label>
        <p class="row">
          <button class=${asked.bad ? 'bad' : 'main'} ?disabled=${desk.busy}>${asked.act}</button>
          <button type="button" @click=${() => app.show(null)}>${words.cancel}</button>
        </p>
      </form>`,
  });
}
