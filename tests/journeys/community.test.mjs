// Three people: one publishes, the others watch it live, like, comment, remix and report; nothing private shows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collection, doc, getDoc, getDocs, limit, orderBy, query, setDoc, where } from 'firebase/firestore';
import { requestId } from '../../local/client.mjs';
import {
  assertAccounted,
  denied,
  download,
  finished,
  live,
  liveNotifications,
  newcomer,
  order,
  refused,
  visitor,
} from './support.mjs';

const REPORTS_TO_HIDE = 5;
/** The feed as a client may listen to it. */
const feed = ({ firestore }) =>
  query(collection(firestore, 'posts'), where('hidden', '==', false), orderBy('createdAt', 'desc'), limit(20));

const comments = ({ firestore }, postId) => query(collection(firestore, 'posts', postId, 'comments'), limit(20));

/** A finished job of this client's, shown to everybody. */
async function published(test, client, request = {}, post = {}) {
  const { created } = await finished(test, client, { style: 'anime', ...request });
  const { creationId } = await client.call('getJobStatus', { jobId: created.jobId });
  const { postId } = await client.call('publishPost', { creationId, ...post });
  return { postId, creationId, ...created };
}

/** The fields of a public document (docs/client.md), without any private value of its author (C5). */
function assertPublic(post, author) {
  const known = new Set([
    ...['postId', 'uid', 'authorName', 'authorPhotoUrl', 'type', 'model', 'caption', 'tags', 'params', 'prompt'],
    ...['media', 'likeCount', 'commentCount', 'remixCount', 'remixOf', 'hidden', 'score', 'createdAt'],
  ]);
  assert.deepEqual(Object.keys(post).filter((name) => !known.has(name)), []);
  const text = JSON.stringify(post);
  for (const secret of [author.email, author.sessionId, 'users/', 'jobId', 'price', 'provider'])
    assert.ok(!text.includes(secret), `${secret} is public`);
}

test('publish, see it live, like, comment, remix, generate from the remix, delete', async (t) => {
  const [author, fan, artist] = [await newcomer(t), await newcomer(t), await newcomer(t)];
  const watching = live(t, feed(fan));
  const told = liveNotifications(t, author);
  const post = await published(t, author, {}, { caption: 'Look', tags: ['#Boats', 'sea'] });
  const { postId, creationId } = post;
  const isIt = (each) => each.postId === postId;

  const shown = (await watching.until((posts) => posts.some(isIt), 'the post in the live feed')).find(isIt);
  assert.deepEqual([shown.caption, shown.prompt, shown.tags], ['Look', 'A boat', ['boats', 'sea']]);
  assertPublic(shown, { ...author, ...post });
  assert.equal((await author.call('publishPost', { creationId })).postId, postId, 'once per creation');
  const bytes = await download(visitor(t), shown.media[0].path);
  assert.equal(bytes.length, shown.media[0].bytes, 'a public copy, for everybody');
  const page = await fetch(`${process.env.STUDIOX_HOSTING_URL}/p/${postId}`);
  assert.deepEqual([page.status, page.headers.get('cache-control')], [200, 'public, max-age=60, s-maxage=240']);
  assert.match(await page.text(), /<meta property="og:title" content="Look">/);
  const picture = await fetch(`${process.env.STUDIOX_HOSTING_URL}/p/${postId}/picture`);
  assert.equal((await picture.arrayBuffer()).byteLength, shown.media[0].bytes, 'where the page says');
  const { media } = await author.call('getCreation', { creationId });
  await denied(download(fan, media[0].path), 'storage/unauthorized');

  const likes = await Promise.all([fan, artist].map((one) => one.call('likePost', { postId, liked: true })));
  assert.deepEqual(likes.map(({ likeCount }) => likeCount).sort(), [1, 2]);
  await watching.until((posts) => posts.find(isIt)?.likeCount === 2, 'both likes');
  assert.deepEqual(await fan.call('likePost', { postId }), { liked: false, likeCount: 1 });
  assert.equal((await getDoc(doc(artist.firestore, 'likes', `${postId}_${artist.uid}`))).data().postId, postId);
  await denied(getDoc(doc(fan.firestore, 'likes', `${postId}_${artist.uid}`)), 'permission-denied');
  const mine = (await artist.call('getFeed', { uid: author.uid })).posts;
  assert.deepEqual(mine.map((each) => [each.postId, each.likedByMe]), [[postId, true]]);

  const talk = live(t, comments(fan, postId));
  const said = { postId, text: 'Fine <b>boat</b>', requestId: requestId() };
  const { commentId } = await artist.call('commentPost', said);
  assert.equal((await artist.call('commentPost', said)).commentId, commentId);
  const [comment] = await talk.until((all) => all.length === 1, 'the comment');
  assert.deepEqual([comment.text, comment.uid], ['Fine <b>boat</b>', artist.uid]);
  await told.until((all) => all.some(({ type }) => type === 'post_commented'), 'a notification of the comment');
  await refused(fan.call('deleteComment', { postId, commentId }), 'permission-denied', 'Forbidden');

  const remix = await artist.call('remixPost', { postId, requestId: requestId() });
  assert.deepEqual([remix.model, remix.type, remix.params.style], ['z-image', 'image', 'anime']);
  const { sessionId, model, type, params } = remix;
  const own = await published(t, artist, { ...params, type, model, sessionId });
  assert.equal(own.sessionId, sessionId);
  const remixed = await artist.call('getPost', { postId: own.postId });
  assert.equal(remixed.remixOf, postId, 'its lineage is kept');
  await watching.until((posts) => posts.find(isIt)?.remixCount === 1, 'the remix counted');
  const session = await artist.call('getSession', { sessionId });
  assert.deepEqual([session.sourcePostId, session.jobs], [postId, [own.jobId]]);
  await refused(order(fan, { sessionId }), 'not-found', 'NotFound');

  await refused(fan.call('deletePost', { postId }), 'permission-denied', 'Forbidden');
  await author.call('deletePost', { postId });
  await watching.until((posts) => !posts.some(isIt), 'the post gone');
  await refused(visitor(t).call('getPost', { postId }), 'not-found', 'NotFound');
  await refused(fan.call('likePost', { postId }), 'not-found', 'NotFound');
  await denied(download(fan, shown.media[0].path), 'storage/object-not-found');
  const left = await author.call('getCreation', { creationId });
  assert.equal((await download(author, left.media[0].path)).length, bytes.length, 'the creation stays');
  for (const one of [author, artist]) await assertAccounted(one);
});

test('what is not shared is not shown and not remixed', async (t) => {
  const [author, other] = [await newcomer(t), await newcomer(t)];
  const post = await published(t, author, { prompt: 'A secret boat' }, { shareParams: false });
  const { postId } = post;
  const shown = (await getDoc(doc(other.firestore, 'posts', postId))).data();
  assertPublic(shown, { ...author, ...post });
  assert.ok(!JSON.stringify(shown).includes('secret boat'));
  await refused(other.call('remixPost', { postId, requestId: requestId() }), 'failed-precondition', 'RemixDisabled');
  await refused(other.call('publishPost', { creationId: post.creationId }), 'not-found', 'NotFound');
  await denied(setDoc(doc(other.firestore, 'posts', 'mine'), { uid: other.uid, hidden: false }), 'permission-denied');
  await denied(getDocs(query(collection(other.firestore, 'posts'), limit(20))), 'permission-denied');
  await author.call('deleteCreation', { creationId: post.creationId });
  await refused(other.call('getPost', { postId }), 'not-found', 'NotFound');
});

test('enough reports hide a post and its files', async (t) => {
  const author = await newcomer(t);
  const { postId } = await published(t, author);
  const watching = live(t, feed(author));
  const isIt = (each) => each.postId === postId;
  const shown = (await watching.until((posts) => posts.some(isIt), 'the post')).find(isIt);
  for (let n = 0; n < REPORTS_TO_HIDE; n++) {
    const reporter = await newcomer(t);
    await reporter.call('reportPost', { postId, reason: 'spam' });
    await reporter.call('reportPost', { postId, reason: 'other', text: 'Again' });
  }
  await watching.until((posts) => !posts.some(isIt), 'the post hidden');
  await refused(author.call('getPost', { postId }), 'not-found', 'NotFound');
  await denied(download(visitor(t), shown.media[0].path), 'storage/object-not-found');
  await refused(author.call('moderatePost', { postId, action: 'restore' }), 'permission-denied', 'Forbidden');
});
