// What can be made next from a creation: each is an order form that is filled in. Pure.
import type { Creation, ModelOption } from '../../clients/typescript/src/index.ts';
import type { Icon } from './icons.ts';
import { say, translated } from './language.ts';
import { isPicture } from './media.ts';
import type { Draft } from './page.ts';
import { making as english } from './words/en/making.ts';

const words = translated('making', english);

export interface Onward {
  label: string;
  icon: Icon;
  draft: Draft;
}

const takesPictures = (model: ModelOption): boolean => model.inputs['inputPaths'] !== undefined;
/** Models that enlarge a picture are known by their id (docs/catalogue.md). */
const enlarges = ({ id }: ModelOption): boolean => /upscale|enlarge/i.test(id);
/** The first of these, if possible one of the free plan. */
const best = (models: ModelOption[]): ModelOption | undefined =>
  models.find(({ plan }) => plan === 'free') ?? models[0];

/** What the catalogue has for this creation, in the order of the buttons. */
export function onward({ type, model, title, prompt, params, media }: Creation, models: ModelOption[]): Onward[] {
  const name = title || prompt;
  const own = models.find(({ id }) => id === model);
  const picture = media.find(isPicture)?.path;
  const givesPicture = picture !== undefined ? { inputPaths: [picture] } : {};
  const same = { ...(params as Draft['values']), prompt };
  const found: Onward[] = [];
  const add = (label: string, icon: Icon, using: ModelOption | undefined, values: Draft['values'], from: string) => {
    if (using) found.push({ label, icon, draft: { type: using.type, model: using.id, values, from } });
  };

  if (media.length > 0) {
    const { seed: _, ...others } = same as Record<string, unknown>; // the same seed would make the same again
    const values = { ...others, ...(own && takesPictures(own) ? givesPicture : {}) };
    add(words.vary, 'spark', own, values, say(words.variationOf, { name }));
  }
  if (picture !== undefined) {
    const willing = models.filter(takesPictures);
    const edits = willing.filter((each) => each.type === 'edit' && !enlarges(each));
    add(words.edit, 'pen', best(edits), { ...givesPicture, prompt: '' }, say(words.editOf, { name }));
    const larger = best(willing.filter(enlarges));
    add(words.enlarge, 'enlarge', larger, { ...givesPicture, prompt }, say(words.largerThan, { name }));
    const films = willing.filter((each) => each.type === 'video');
    const values = { aspectRatio: params['aspectRatio'], ...givesPicture, prompt };
    add(words.animate, 'play', best(films), values, say(words.filmOf, { name }));
  }
  const again = { type, model, values: same, from: say(words.settingsOf, { name }) };
  found.push({ label: words.useAgain, icon: 'remix', draft: again });
  return found;
}
