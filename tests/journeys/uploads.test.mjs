// A picture of one's own: uploaded under the rules, edited by a model, and nobody else's business.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deleteObject, ref, uploadBytes } from 'firebase/storage';
import { assertAccounted, denied, download, finished, newcomer, order, refused } from './support.mjs';

// One white pixel.
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg==',
  'base64',
);
const EDIT = { type: 'edit', model: 'nano-banana-edit', prompt: 'Make it a boat' };

const upload = (client, path, type = 'image/png', bytes = PIXEL) =>
  uploadBytes(ref(client.storage, path), bytes, { contentType: type });

test('an upload becomes an edited picture', async (t) => {
  const client = await newcomer(t);
  const path = `users/${client.uid}/uploads/pixel.png`;
  await upload(client, path);
  assert.deepEqual(await download(client, path), PIXEL);

  const { created, job } = await finished(t, client, { ...EDIT, inputPaths: [path] });
  assert.deepEqual([created.price, job.status, job.media[0]?.contentType], [5, 'completed', 'image/png']);
  assert.ok((await download(client, job.media[0].path)).length > 0);
  const tasks = await (await fetch(`${process.env.STUDIOX_POYO_URL}/_/tasks`)).json();
  const task = tasks.find(({ idempotencyKey }) => idempotencyKey === created.jobId);
  const [given] = task.input.image_urls;
  assert.deepEqual(Buffer.from(await (await fetch(given)).arrayBuffer()), PIXEL, 'the provider can fetch the upload');

  const stranger = await newcomer(t);
  await denied(download(stranger, path), 'storage/unauthorized');
  await refused(order(stranger, { ...EDIT, inputPaths: [path] }), 'invalid-argument', 'InvalidRequest');
  await deleteObject(ref(client.storage, path));
  await refused(order(client, { ...EDIT, inputPaths: [path] }), 'invalid-argument', 'InvalidRequest');
  await refused(order(client, EDIT), 'invalid-argument', 'InvalidRequest');
  for (const bytes of [Buffer.alloc(0), Buffer.from('no picture, whatever its type says')]) {
    await upload(client, path, 'image/png', bytes);
    await refused(order(client, { ...EDIT, inputPaths: [path] }), 'invalid-argument', 'InvalidRequest');
  }
  const { balance } = await assertAccounted(client);
  assert.equal(balance, 195);
});

test('what may not be uploaded', async (t) => {
  const client = await newcomer(t);
  const own = `users/${client.uid}/uploads`;
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>');
  await denied(upload(client, `${own}/a.svg`, 'image/svg+xml', svg), 'storage/unauthorized');
  await denied(upload(client, `${own}/a.html`, 'text/html', svg), 'storage/unauthorized');
  await denied(upload(client, `${own}/b/a.png`), 'storage/unauthorized');
  await denied(upload(client, `users/${client.uid}/creations/j/0.png`), 'storage/unauthorized');
  await denied(upload(client, 'users/somebody/uploads/a.png'), 'storage/unauthorized');
  await denied(upload(client, 'posts/p/0.png'), 'storage/unauthorized');
});
