// The catalogue's prices and rules of a model, applied to the values chosen so far. Pure. The functions check the order
// again (functions/studiox/catalog/catalog.py).
import type { Balance, CreateStudioJob, Input, ModelOption } from '../../clients/typescript/src/index.ts';

export type Values = Record<string, unknown>;
type Rates = number | { [value: string]: Rates };

const FIELDS = ['prompt', 'negativePrompt', 'style', 'color', 'size', 'aspectRatio', 'durationSeconds', 'inputPaths'];

const TYPES = { integer: 'number', flag: 'boolean' };

const isSet = (value: unknown) => value !== undefined && value !== null && value !== false && value !== '';

/** An input's value: the chosen one, else its default. */
export const valueOf = (model: ModelOption, values: Values, name: string): unknown =>
  isSet(values[name]) || values[name] === false ? values[name] : model.inputs[name]?.default;

/** The values that this model accepts. Values chosen for another model may not be among them. */
export function fitting(model: ModelOption, values: Values): Values {
  const fits = ([name, value]: [string, unknown]) => {
    const { kind, values: known = [], catalogue = '' } = model.inputs[name] ?? {};
    if (kind === 'choice' && catalogue === '') return known.includes(value as string);
    return kind !== undefined && (kind === 'integer' || kind === 'flag' ? typeof value === TYPES[kind] : true);
  };
  return Object.fromEntries(Object.entries(values).filter(fits));
}

/** The values of an order that was placed before, from the parameters of its job. */
export function restored(model: ModelOption, params: Values): Values {
  return fitting(model, flat(params));
}

/** The parameters with those of `options` among them. */
export function flat(params: Values): Values {
  const { options = {}, ...fields } = params as { options?: Values };
  return { ...fields, ...options };
}

/** The rules that apply to one input now. */
export function asked(model: ModelOption, values: Values, name: string): Input & { excluded: boolean } {
  const input: Input & { excluded: boolean } = { ...model.inputs[name]!, excluded: false };
  for (const rule of model.rules) {
    const value = valueOf(model, values, rule.when);
    if (!(rule.values?.length ? rule.values.includes(value as string) : isSet(value))) continue;
    if (rule.needs?.includes(name)) input.required = true;
    if (rule.excludes?.includes(name)) input.excluded = true;
    const most = rule.max?.[name];
    if (most !== undefined) input.max = Math.min(most, input.max ?? most);
  }
  return input;
}

/** The order's price in tokens; null while an input that determines it is not chosen. */
export function priceOf(model: ModelOption, values: Values): number | null {
  let rate = model.price.tokens as Rates | undefined;
  for (const name of model.price.by ?? []) {
    rate = typeof rate === 'object' ? rate[String(valueOf(model, values, name))] : undefined;
  }
  return typeof rate === 'number' ? rate * units(model, values) : null;
}

/** The least that an order of this model costs, whatever is chosen. */
export const leastPrice = (model: ModelOption): number => lowest(model.price.tokens as Rates) * units(model, {});

const lowest = (rates: Rates): number =>
  typeof rates === 'number' ? rates : Math.min(...Object.values(rates).map(lowest));

/** How many times the rate is charged. */
function units(model: ModelOption, values: Values): number {
  const seconds = Number(valueOf(model, values, 'durationSeconds') ?? 0);
  return {
    job: 1,
    second: seconds,
    minute: Math.ceil(seconds / 60),
    thousandCharacters: Math.max(1, Math.ceil([...String(values['prompt'] ?? '')].length / 1000)),
  }[model.price.per ?? 'job'];
}

const PLANS = ['free', 'pro', 'enterprise'];

/** The dearest of these models whose order with these values the account can pay; null if there is none. */
export function affordable(
  models: ModelOption[],
  values: Values,
  { balance, plan }: Pick<Balance, 'balance' | 'plan'>,
): { id: string; label: string; price: number } | null {
  const priced = models
    .filter((model) => PLANS.indexOf(model.plan) <= PLANS.indexOf(plan))
    .filter((model) => complete(model, fitting(model, { prompt: '…', ...values })))
    .map((model) => ({ id: model.id, label: model.label, price: priceOf(model, fitting(model, values)) }))
    .filter((each): each is typeof each & { price: number } => each.price !== null && each.price <= balance);
  return priced.sort((a, b) => b.price - a.price)[0] ?? null;
}

/** Whether every input that the model needs has a value. */
export const complete = (model: ModelOption, values: Values): boolean =>
  Object.keys(model.inputs).every((name) => {
    const { required, excluded } = asked(model, values, name);
    const value = valueOf(model, values, name);
    if (!required || excluded) return true;
    if (Array.isArray(value)) return value.length > 0;
    return typeof value === 'string' ? value.trim() !== '' : isSet(value);
  });

/** The request of an order: only the chosen values that this model accepts now. */
export function request(model: ModelOption, values: Values): CreateStudioJob {
  const chosen: Values = {};
  for (const name of Object.keys(model.inputs)) {
    const value = typeof values[name] === 'string' ? (values[name] as string).trim() : values[name];
    if (!isSet(value) || (Array.isArray(value) && value.length === 0) || asked(model, values, name).excluded) continue;
    chosen[name] = value;
  }
  return ordered(model.type, model.id, chosen);
}

/** The request of an order with these values by input, as a job's `params` has them. */
export function ordered(type: string, model: string, values: Values): CreateStudioJob {
  const fields: Values = {};
  const options: Values = {};
  for (const [name, value] of Object.entries(values)) (FIELDS.includes(name) ? fields : options)[name] = value;
  return { type, model, ...fields, ...(Object.keys(options).length > 0 ? { options } : {}) } as CreateStudioJob;
}

/** A model with aspect ratios ignores the size in pixels: it only selects the nearest ratio. */
export const overruled = (name: string, values: Values): boolean => name === 'size' && Boolean(values['aspectRatio']);

/** The order of the fields in the form. Others follow them. */
const PLACES = [
  'prompt',
  'inputPaths',
  'aspectRatio',
  'size',
  'durationSeconds',
  'quality',
  'resolution',
  'style',
  'color',
];

/** The inputs that can be chosen now: those that are shown, and those of which few people need more. */
export function arranged(model: ModelOption, values: Values): { shown: string[]; more: string[] } {
  const place = (name: string) => (PLACES.indexOf(name) + PLACES.length + 1) % (PLACES.length + 1);
  const names = Object.keys(model.inputs)
    .filter((name) => !asked(model, values, name).excluded && !overruled(name, values))
    .sort((a, b) => place(a) - place(b));
  const extra = (name: string) => {
    const { kind, required } = asked(model, values, name);
    return !required && !PLACES.includes(name) && (kind === 'text' || kind === 'integer' || name === 'version');
  };
  return { shown: names.filter((name) => !extra(name)), more: names.filter(extra) };
}
