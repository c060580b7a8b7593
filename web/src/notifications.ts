// The user's notifications: what a document says, in a sentence with the address of its subject.
import { translated } from './language.ts';
import { named } from './words.ts';
import { people as english } from './words/en/people.ts';

const words = translated('people', english).notices;

export interface Notification {
  id: string;
  type: string;
  createdAt: string;
  read: boolean;
  /** The address of its subject's page. */
  href: string;
  /** With a slot for the name. */
  subject: string;
  /** Of whoever did it. */
  name: string;
  /** What it is about, by its title; empty if it has none. */
  title: string;
  /** The thumbnail's path; empty if there is none. */
  thumbnail: string;
  /** Of a decision of the moderators: what it is about, and what they say. */
  postId: string;
  commentId: string;
  text: string;
}

/** The path of an address of this site, which may be another one locally. Empty for none. */
function inside(url: string): string {
  if (!URL.canParse(url)) return '';
  const { pathname, search } = new URL(url);
  return pathname + search;
}

type Read = (field: string) => string;

/** What happened, and the address of what it is about. */
function happened(type: string, field: Read): [subject: string, href: string] {
  const post = field('postId') && `/post/${field('postId')}`;
  if (type === 'job_completed') return [named(words.ready, field('jobType')), `/library/${field('jobId')}`];
  if (type === 'job_failed') return [field('text') || named(words.failed, field('jobType')), '/'];
  if (type === 'post_commented') return [words.commented, post];
  const subjects: Record<string, string> = words.subjects;
  return [subjects[type] ?? words.changed, post || inside(field('url')) || '/tokens'];
}

/** A stored notification, for people. A job's creation has the job's id. */
export function notification({ id, data }: { id: string; data: Record<string, unknown> }): Notification {
  const type = String(data['type']);
  const field = (name: string) => (typeof data[name] === 'string' ? (data[name] as string) : '');
  const [subject, href] = happened(type, field);
  return {
    id,
    type,
    createdAt: field('createdAt'),
    read: data['readAt'] !== null,
    href,
    subject,
    name: field('authorName') || words.somebody,
    title: field('title'),
    thumbnail: field('thumbnailPath'),
    postId: field('postId'),
    commentId: field('commentId'),
    text: field('text'),
  };
}
