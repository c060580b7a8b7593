// Fills a fresh stack with what local/seed.json describes, by the API alone: what is there is what clients made.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createUserWithEmailAndPassword } from 'firebase/auth';
import { connect } from './client.mjs';

const PATIENCE_MS = 180_000;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The job when it has ended. */
async function ended(client, jobId) {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const job = await client.call('getJobStatus', { jobId });
    if (['completed', 'failed', 'cancelled'].includes(job.status)) return job;
    assert.ok(Date.now() < until, `job ${jobId} did not end`);
    await sleep(3_500);
  }
}

/** One user with everything they made; what they published, by the creation's key. */
async function make(user, published) {
  const client = connect();
  try {
    await createUserWithEmailAndPassword(client.auth, user.email, user.password);
    await client.call('updateProfile', { displayName: user.name });
    for (const [index, { key, favorite, publish, ...order }] of user.creations.entries()) {
      // Fixed ids: making the data anew changes only what the description changed.
      const requestId = `seed-${user.email.split('@')[0]}-${String(index).padStart(8, '0')}`;
      const { jobId } = await client.call('createStudioJob', { requestId, ...order });
      const job = await ended(client, jobId);
      assert.equal(job.status, 'completed', `${order.model}: ${job.error?.reason}`);
      if (favorite) await client.call('toggleFavorite', { creationId: job.creationId, favorite: true });
      if (publish) published[key] = (await client.call('publishPost', { creationId: job.creationId, ...publish })).postId;
      console.log(`  ${user.email}: ${order.type} “${order.prompt}”`);
    }
    for (const [index, { post, text }] of (user.comments ?? []).entries()) {
      const requestId = `seed-comment-${user.email.split('@')[0]}-${String(index).padStart(4, '0')}`;
      await client.call('commentPost', { postId: published[post], text, requestId });
    }
    for (const post of user.likes ?? []) await client.call('likePost', { postId: published[post], liked: true });
  } finally {
    await client.close();
  }
}

const { users } = JSON.parse(await readFile(new URL('./seed.json', import.meta.url)));
const published = {};
for (const user of users) await make(user, published);
process.exit(0);
