// Leaving: all that is kept of somebody in one file, and then nothing of it, but for the books.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createUserWithEmailAndPassword, signInWithEmailAndPassword } from 'firebase/auth';
import { doc, getDoc } from 'firebase/firestore';
import { ref, uploadBytes } from 'firebase/storage';
import { requestId } from '../../local/client.mjs';
import { denied, download, finished, newcomer, order, PASSWORD, refused, visitor } from './support.mjs';

test('A5, A9: export everything, delete the account, and sign up again', async (t) => {
  const [client, other] = [await newcomer(t), await newcomer(t)];
  const path = `users/${client.uid}/uploads/note.png`;
  await uploadBytes(ref(client.storage, path), Buffer.from('a note'), { contentType: 'image/png' });
  const { created } = await finished(t, client, { prompt: 'A boat of mine' });
  const { creationId, media } = await client.call('getJobStatus', { jobId: created.jobId });
  const { postId } = await client.call('publishPost', { creationId });
  const { postId: otherPost } = await publishedBy(t, other);
  const said = { postId: otherPost, text: 'Fine boat', requestId: requestId() };
  const { commentId } = await client.call('commentPost', said);

  const { url, expiresAt } = await client.call('exportAccount');
  assert.ok(Date.parse(expiresAt) > Date.now());
  const file = await (await fetch(url)).text();
  for (const kept of [client.email, 'A boat of mine', created.jobId, 'Fine boat']) assert.ok(file.includes(kept), kept);
  assert.ok(!file.includes(other.email));

  await refused(client.call('deleteAccount', { confirm: other.email }), 'invalid-argument', 'InvalidRequest');
  assert.deepEqual(await client.call('deleteAccount', { confirm: client.email }), { deleted: true });
  const anybody = visitor(t);
  await refused(anybody.call('getPost', { postId }), 'not-found', 'NotFound');
  await refused(order(client), 'unauthenticated', 'Unauthenticated');
  await denied(signInWithEmailAndPassword(anybody.auth, client.email, PASSWORD), 'auth/user-not-found');
  const { comments } = await anybody.call('getComments', { postId: otherPost });
  assert.deepEqual(comments.map((each) => [each.commentId, each.uid]), [[commentId, null]], 'their comment is nobody’s');

  const { user } = await createUserWithEmailAndPassword(anybody.auth, client.email, PASSWORD);
  assert.notEqual(user.uid, client.uid);
  assert.equal((await anybody.call('getUserBalance')).balance, 0, 'no second bonus');
  await denied(download(anybody, media[0].path), 'storage/unauthorized');
  await denied(getDoc(doc(anybody.firestore, 'creations', creationId)), 'permission-denied');
});

async function publishedBy(test, client) {
  const { created } = await finished(test, client);
  const { creationId } = await client.call('getJobStatus', { jobId: created.jobId });
  return client.call('publishPost', { creationId });
}
