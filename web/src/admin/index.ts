// The administrators' pages: one frame, and a part for each address below /admin.
import './admin.css';
import { html, type TemplateResult } from 'lit-html';
import type { App } from '../app.ts';
import type { Page } from '../page.ts';
import { Audit } from './audit.ts';
import { Catalogue } from './catalogue.ts';
import { Desk, type Section } from './desk.ts';
import { Limits } from './limits.ts';
import { Moderation } from './moderation.ts';
import { OverviewPage } from './overview.ts';
import { People } from './people.ts';
import { Person } from './person.ts';
import { Reports } from './reports.ts';
import { Webhooks } from './webhooks.ts';

type Make = (desk: Desk, rest: string) => Section;

const SECTIONS: readonly [path: string, name: string, make: Make][] = [
  ['', 'Overview', (desk) => new OverviewPage(desk)],
  ['moderation', 'Moderation', (desk) => new Moderation(desk)],
  ['people', 'People', (desk, uid) => (uid ? new Person(desk, uid) : new People(desk))],
  ['webhooks', 'Webhooks', (desk) => new Webhooks(desk)],
  ['reports', 'Weekly reports', (desk) => new Reports(desk)],
  ['catalogue', 'Catalogue', (desk) => new Catalogue(desk)],
  ['limits', 'Rate limits', (desk) => new Limits(desk)],
  ['audit', 'Audit log', (desk) => new Audit(desk)],
];

export function adminPage(app: App, address: string): Page {
  const desk = new Desk(app);
  const [path = '', rest = ''] = address.split('/', 2);
  const [here, name, make] = SECTIONS.find(([each]) => each === path) ?? SECTIONS[0]!;
  const section = make(desk, decodeURIComponent(rest));
  void section.load();
  return {
    title: `${name} · Administration`,
    view: () =>
      desk.lost
        ? refused
        : html`<div role="navigation" aria-label="Administration" class="parts">
              ${SECTIONS.map(([each, label]) => link(each, label, each === here))}
            </div>
            <h1>${name}</h1>
            <div class="admin">${section.view()}</div>`,
  };
}

const link = (path: string, name: string, here: boolean): TemplateResult =>
  html`<a href=${path ? `/admin/${path}` : '/admin'} aria-current=${here ? 'page' : 'false'}>${name}</a>`;

const refused = html`<h1>You are not an administrator</h1>
  <p>This account no longer has the right, so this was refused and nothing was changed. If it has it again, sign out
    and sign in.</p>
  <p><a href="/">Go to the studio</a></p>`;
