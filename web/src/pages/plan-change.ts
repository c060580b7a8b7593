// Changing the plan of a subscription: the question with what Stripe will charge, then the change.
import { isRefusal } from '../../../clients/typescript/src/errors.ts';
import type { PlanOffer, SubscriptionPreview } from '../../../clients/typescript/src/index.ts';
import type { App } from '../app.ts';
import { agreed, type Question } from '../ask.ts';
import { say, translated } from '../language.ts';
import { worded } from '../ours.ts';
import { money, onDay } from '../words.ts';
import { money as english } from '../words/en/money.ts';

const { change: words, notNow, plans } = translated('money', english);

/** Whether the subscription may have changed: the user has agreed to what it costs. */
export async function changePlan(app: App, plan: PlanOffer): Promise<boolean> {
  const isCurrent = plan.id === app.balance?.plan;
  const preview = await app.attempt(() => app.studiox.previewSubscription({ planId: plan.id }));
  if (!preview || !(await agreed(app, question(plan, preview, isCurrent)))) return false;
  const { prorationDate } = preview;
  try {
    const now = await app.studiox.updateSubscription({ planId: plan.id, prorationDate });
    const changed = now.plan === plan.id ? say(words.changed, { plan: worded(plan.name) }) : words.unpaid;
    app.say(isCurrent ? words.continues : changed);
  } catch (error) {
    app.fail(error);
    if (isRefusal(error, 'PreviewOutdated')) return changePlan(app, plan); // asks with the new amount
  }
  return true;
}

function question(plan: PlanOffer, preview: SubscriptionPreview, isCurrent: boolean): Question {
  const { dueNow, credited, currency, nextAmount, nextAt } = preview;
  const name = worded(plan.name);
  const due = money(dueNow, currency);
  const credit = credited > 0 ? say(words.credited, { amount: money(credited, currency) }) : words.nothing;
  const now = dueNow > 0 ? say(words.charged, { due }) : credit;
  const next =
    nextAmount !== null && nextAt ? say(words.next, { amount: money(nextAmount, currency), day: onDay(nextAt) }) : '';
  const yes = isCurrent ? say(plans.keep, { name }) : words.yes;
  return {
    title: say(isCurrent ? words.keepQuestion : words.question, { name }),
    text: `${now} ${next}`,
    yes: dueNow > 0 ? say(words.pay, { due }) : yes,
    no: notNow,
    bad: false,
  };
}
