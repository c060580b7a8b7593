// docs/client.md as a program: its JavaScript, block by block, against the whole stack.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { deleteApp, getApps } from 'firebase/app';

const ROOT = new URL('../../', import.meta.url);
// The addresses in the guide, and what this stack has in their places.
const ADDRESSES = {
  'http://127.0.0.1:9099': `http://${process.env.FIREBASE_AUTH_EMULATOR_HOST}`,
  "'127.0.0.1', 8080": process.env.FIRESTORE_EMULATOR_HOST,
  "'127.0.0.1', 5001": process.env.FUNCTIONS_EMULATOR_HOST,
  "'127.0.0.1', 9199": process.env.FIREBASE_STORAGE_EMULATOR_HOST,
};
const KEPT = 'profile created again quote job bytes picture edit winter sources liked likeCount feed mine unread appeal status entries';

/** The guide's blocks as one module, which exports the variables that it declares. */
function program() {
  const text = readFileSync(new URL('docs/client.md', ROOT), 'utf8');
  let source = [...text.matchAll(/^```js\n(.*?)^```$/gms)].map(([, block]) => block).join('\n');
  for (const [shown, actual] of Object.entries(ADDRESSES)) {
    assert.ok(source.includes(shown), `the guide names ${shown}`);
    source = source.replaceAll(shown, shown.startsWith('http') ? actual : `'${actual.split(':')[0]}', ${actual.split(':')[1]}`);
  }
  return `${source}\nexport { ${KEPT.split(' ').join(', ')} };\n`;
}

test('the guide for client developers runs as it is written', async () => {
  mkdirSync(new URL('.local/', ROOT), { recursive: true });
  const path = new URL(`.local/guide-${process.pid}.mjs`, ROOT);
  writeFileSync(path, program());
  globalThis.navigator ??= { language: 'en-GB' }; // a browser's, which Node has since version 21
  try {
    const found = await import(pathToFileURL(path.pathname).href).finally(() => rmSync(path));
    assert.deepEqual([found.profile.plan, found.profile.balance], ['free', 200]);
    assert.deepEqual([found.created.price, found.created.balance], [5, 195]);
    assert.equal(found.again.jobId, found.created.jobId);
    assert.deepEqual([found.quote.price, found.quote.balanceAfter, found.quote.refusal], [5, 190, undefined]);
    assert.equal(found.job.status, 'completed');
    assert.deepEqual(new Uint8Array(await found.picture.arrayBuffer()), new Uint8Array(found.bytes));
    assert.ok(found.edit.balance < 195);
    assert.ok(found.winter.balance < found.edit.balance);
    assert.deepEqual(found.sources, [found.job.creationId]);
    assert.deepEqual([found.liked, found.likeCount], [true, 1]);
    assert.ok(found.feed.docs.some((each) => each.data().uid === found.profile.uid));
    assert.ok(found.unread.size >= 1, 'that the picture is ready');
    assert.equal(found.appeal.reason, 'NothingToAppeal');
    assert.equal(found.status, 'open');
    assert.deepEqual(found.entries.map(({ seq }) => seq).sort(), [1, 2, 3, 4]);
  } finally {
    await Promise.all(getApps().map(deleteApp)); // whatever went wrong: it would keep this process
  }
});
