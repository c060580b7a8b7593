// The user's notifications: what a document says, in a sentence with the address of its subject.
import { typeName } from './words.ts';

export interface Notification {
  id: string;
  type: string;
  createdAt: string;
  read: boolean;
  /** The address of its subject's page. */
  href: string;
  subject: string;
  /** What it is about, by its title; empty if it has none. */
  title: string;
  /** The thumbnail's path; empty if there is none. */
  thumbnail: string;
  /** Of a decision of the moderators: what it is about, and what they say. */
  postId: string;
  commentId: string;
  text: string;
}

const SUBJECTS: Record<string, string> = {
  payment_failed: 'A payment failed',
  payment_in_review: 'We are reviewing your payment',
  payment_action_required: 'Your bank asks you to confirm a payment',
  top_up_done: 'We topped up your tokens',
  top_up_failed: 'Your tokens were not topped up',
  trial_ending: 'Your trial ends soon',
  tokens_low: 'You are low on tokens',
  spend_limit_reached: 'You have reached your daily limit',
  content_hidden: 'We have hidden something that you published',
  content_removed: 'We have removed something that you published',
  content_restored: 'What you published is back',
  content_rated: 'We have rated something that you published',
  appeal_upheld: 'A moderator has read your appeal: our decision stands',
  report_decided: 'We have decided about your report',
  account_suspended: 'Your account is suspended',
  account_reinstated: 'Your account is no longer suspended',
};

/** The path of an address of this site, which may be another one locally. Empty for none. */
function inside(url: string): string {
  if (!URL.canParse(url)) return '';
  const { pathname, search } = new URL(url);
  return pathname + search;
}

/** A stored notification, for people. */
export function notification({ id, data }: { id: string; data: Record<string, unknown> }): Notification {
  const type = String(data['type']);
  const text = (key: string) => (typeof data[key] === 'string' ? (data[key] as string) : '');
  const what = typeName(text('jobType')).toLowerCase();
  // A job's creation has the job's id.
  const [subject, href] =
    type === 'job_completed'
      ? [`Your ${what} is ready`, `/library/${text('jobId')}`]
      : type === 'job_failed'
        ? [text('text') || `Your ${what} failed; your tokens were refunded`, '/']
        : type === 'post_commented'
          ? [`${text('authorName') || 'Somebody'} commented on your post`, `/post/${text('postId')}`]
          : [
              SUBJECTS[type] ?? 'Something changed in your account',
              text('postId') ? `/post/${text('postId')}` : inside(text('url')) || '/tokens',
            ];
  return {
    id,
    type,
    createdAt: text('createdAt'),
    read: data['readAt'] !== null,
    href,
    subject,
    title: text('title'),
    thumbnail: text('thumbnailPath'),
    postId: text('postId'),
    commentId: text('commentId'),
    text: text('text'),
  };
}
