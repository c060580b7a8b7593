// The administrators' pages: one frame, and a part for each address below /admin.
import './admin.css';
import { html, type TemplateResult } from 'lit-html';
import type { App } from '../app.ts';
import { translated } from '../language.ts';
import type { Page } from '../page.ts';
import { frame as englishFrame } from '../words/en/frame.ts';
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
import { words } from './words.ts';

type Make = (desk: Desk, rest: string) => Section;

const names = words.sections;
const SECTIONS: readonly [path: string, name: string, make: Make][] = [
  ['', names.overview, (desk) => new OverviewPage(desk)],
  ['moderation', names.moderation, (desk) => new Moderation(desk)],
  ['people', names.people, (desk, uid) => (uid ? new Person(desk, uid) : new People(desk))],
  ['webhooks', names.webhooks, (desk) => new Webhooks(desk)],
  ['reports', names.reports, (desk) => new Reports(desk)],
  ['catalogue', names.catalogue, (desk) => new Catalogue(desk)],
  ['limits', names.limits, (desk) => new Limits(desk)],
  ['audit', names.audit, (desk) => new Audit(desk)],
];

export function adminPage(app: App, address: string): Page {
  const desk = new Desk(app);
  const [path = '', rest = ''] = address.split('/', 2);
  const [here, name, make] = SECTIONS.find(([each]) => each === path) ?? SECTIONS[0]!;
  const section = make(desk, decodeURIComponent(rest));
  void section.load();
  return {
    title: `${name} · ${words.title}`,
    view: () =>
      desk.lost
        ? refused
        : html`<div role="navigation" aria-label=${words.title} class="parts">
              ${SECTIONS.map(([each, label]) => link(each, label, each === here))}
            </div>
            <h1>${name}</h1>
            <div class="admin">${section.view()}</div>`,
  };
}

const link = (path: string, name: string, here: boolean): TemplateResult =>
  html`<a href=${path ? `/admin/${path}` : '/admin'} aria-current=${here ? 'page' : 'false'}>${name}</a>`;

const refused = html`<h1>${words.lost.title}</h1>
  <p>${words.lost.why}</p>
  <p><a href="/">${translated('frame', englishFrame).goToStudio}</a></p>`;
