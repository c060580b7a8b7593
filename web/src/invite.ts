// Referral codes: the user's own, to give away, and the one in the address that a visitor has come by.
import { html, nothing, type TemplateResult } from 'lit-html';
import { StudioXError } from '../../clients/typescript/src/errors.ts';
import type { ReferralSummary } from '../../clients/typescript/src/index.ts';
import type { App } from './app.ts';
import { kept } from './kept.ts';
import { say, shown, translated } from './language.ts';
import { copyLink } from './share.ts';
import { tokens } from './words.ts';
import { people as english } from './words/en/people.ts';

const words = translated('people', english).invitation;

const KEPT = 'referral';
/** After these refusals the code is of no use to whoever is signed in. */
const IN_VAIN = ['AlreadyClaimed', 'InvalidRequest', 'NotFound'];

/** Keep the code of `/?ref=CODE` until somebody is signed in, and redeem it then. */
export function watchReferral(app: App): void {
  const address = new URL(location.href);
  const code = address.searchParams.get('ref');
  if (code) {
    kept.write(KEPT, code);
    address.searchParams.delete('ref');
    history.replaceState(null, '', address);
  }
  app.followers.push(() => {
    void redeemKept(app);
    return () => undefined;
  });
}

async function redeemKept(app: App): Promise<void> {
  const code = kept.read<string>(KEPT);
  if (!code) return;
  try {
    await app.studiox.redeemReferral({ code });
    app.say(words.redeemed);
  } catch (error) {
    const isInVain = error instanceof StudioXError && IN_VAIN.includes(error.reason);
    if (!isInVain) return; // the next visit tries again
  }
  kept.write(KEPT, null);
}

/** The user's code, with a button that copies its link, and what came of it. */
export class Invitation {
  private found: ReferralSummary | null = null;

  constructor(private readonly app: App) {}

  async load(): Promise<void> {
    // Who is suspended has none, and needs no message about it.
    this.found = await this.app.studiox.getReferral().catch(() => this.found);
    this.app.update();
  }

  view(): TemplateResult | typeof nothing {
    if (!this.found) return nothing;
    const { code, invited, rewarded, tokens: earned } = this.found;
    const came = [say(words.invited, { count: invited }), say(words.bought, { count: rewarded })];
    return html`<section class="card" aria-label=${words.title}><h2>${words.title}</h2>
      <p>${words.terms}</p>
      <p class="row between"><span>${shown(words.code, { code: html`<strong dir="auto">${code}</strong>` })}</span>
        <button @click=${() => copyLink(this.app, `${location.origin}/?ref=${code}`)}>${words.copyLink}</button></p>
      ${invited > 0
        ? html`<p class="muted">${[...came, say(words.earned, { tokens: tokens(earned) })].join(' · ')}</p>`
        : nothing}
    </section>`;
  }
}
