// The main job as a client would do it, printed for people. Exit code 0 only if every step succeeded.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { deflateSync } from 'node:zlib';
import { createUserWithEmailAndPassword } from 'firebase/auth';
import { doc, onSnapshot } from 'firebase/firestore';
import { getBytes, ref, uploadBytes } from 'firebase/storage';
import { connect, requestId } from './client.mjs';

const ORDERS = {
  image: { model: 'nano-banana', prompt: 'A lighthouse at dawn, oil on canvas' },
  video: { model: 'veo3.1-lite', prompt: 'Waves under a lighthouse, slow motion', durationSeconds: 4 },
  music: { model: 'music-u', prompt: 'A lullaby for a lighthouse keeper', options: { title: 'Keep the light' } },
  speech: { model: 'elevenlabs-v3-tts', prompt: 'Ships in the fog, this is the lighthouse.', options: { voice: 'Adam' } },
  analysis: { model: 'image-analysis', prompt: 'What is in this picture?' },
  lyrics: { model: 'lyrics-writer', prompt: 'A lighthouse at dawn', options: { mood: 'hopeful', language: 'English' } },
};
const NAMES = { image: 'an image', video: 'a video', music: 'a song', analysis: 'an analysis' };
const WELCOME_TOKENS = 200;
const PATIENCE_MS = 120_000;
const POLL_MS = 3_500;

const type = process.env.TYPE || 'image';
const order = ORDERS[type];
if (!order) {
  console.error(`TYPE is one of ${Object.keys(ORDERS).join(', ')}, not ${type}.`);
  process.exit(2);
}

const say = (what, value = '') => console.log(`  ${what.padEnd(26)} ${value}`);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function bar(percent) {
  const filled = Math.round(percent / 5);
  return `${'█'.repeat(filled)}${'░'.repeat(20 - filled)} ${String(percent).padStart(3)}%`;
}

/** A small PNG of stripes, as somebody's upload. */
function picture(side = 48) {
  const rows = Buffer.alloc(side * (1 + side * 3));
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) rows.fill(((x + y) * 8) % 256, y * (1 + side * 3) + 1 + x * 3, y * (1 + side * 3) + 4 + x * 3);
  }
  const crc = (data) => {
    let sum = 0xffffffff;
    for (const byte of data) {
      sum ^= byte;
      for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
    }
    return (sum ^ 0xffffffff) >>> 0;
  };
  const chunk = (name, data) => {
    const named = Buffer.concat([Buffer.from(name), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc(named));
    return Buffer.concat([length, named, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 2], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

/** What the order needs from its user: an analysis a picture. */
async function prepared(client, uid) {
  if (type !== 'analysis') return order;
  const path = `users/${uid}/uploads/stripes.png`;
  await uploadBytes(ref(client.storage, path), picture(), { contentType: 'image/png' });
  say('Uploaded', path);
  return { ...order, inputPaths: [path] };
}

/** Show the job's progress from its document, live, until it has ended; polls as a client without listeners would. */
async function watch(client, jobId) {
  let job;
  let failure;
  const moving = process.stdout.isTTY;
  const stop = onSnapshot(
    doc(client.firestore, 'jobs', jobId),
    (snapshot) => {
      job = snapshot.data();
      const line = `  ${'Progress'.padEnd(26)} ${bar(job.progress)} ${job.status}`;
      process.stdout.write(moving ? `\r\u001b[K${line}` : `${line}\n`);
    },
    (error) => (failure = error),
  );
  try {
    const until = Date.now() + PATIENCE_MS;
    while (!['completed', 'failed', 'cancelled'].includes(job?.status)) {
      if (failure) throw failure;
      assert.ok(Date.now() < until, 'the job did not end in time');
      await sleep(POLL_MS);
      await client.call('getJobStatus', { jobId });
    }
  } finally {
    stop();
    if (moving) process.stdout.write('\n');
  }
}

/** The balance as the user's own document tells it, live. */
function watchBalance(client, uid) {
  const seen = [];
  const stop = onSnapshot(doc(client.firestore, 'users', uid), (snapshot) => {
    const balance = snapshot.data()?.balance;
    if (balance !== undefined && balance !== seen.at(-1)) seen.push(balance);
  });
  return { seen, stop };
}

function table(entries) {
  console.log('\n  Ledger');
  const row = (...cells) => `  ${cells.map((cell, i) => (i < 2 ? String(cell).padEnd(16) : String(cell).padStart(9))).join(' ')}`;
  console.log(row('entry', 'for', 'tokens', 'balance'));
  for (const entry of [...entries].reverse()) {
    const amount = entry.amount > 0 ? `+${entry.amount}` : entry.amount;
    console.log(row(entry.type, `${entry.ref.kind} ${entry.ref.id.slice(0, 8)}`, amount, entry.balanceAfter));
  }
}

async function main() {
  const client = connect();
  const email = `demo-${Date.now()}@example.com`;
  const { user } = await createUserWithEmailAndPassword(client.auth, email, 'a long password');
  say('Signed up', email);
  const { seen, stop } = watchBalance(client, user.uid);
  try {
    const before = await client.call('getUserBalance');
    assert.equal(before.balance, WELCOME_TOKENS);
    say('Welcome bonus', `${before.balance} tokens`);

    const request = { requestId: requestId(), type, ...(await prepared(client, user.uid)) };
    const created = await client.call('createStudioJob', request);
    assert.equal(created.balance, WELCOME_TOKENS - created.price);
    say(`Ordered ${NAMES[type] ?? type}`, `${order.model}, ${created.price} tokens: ${order.prompt}`);
    const again = await client.call('createStudioJob', request);
    assert.equal(again.jobId, created.jobId);
    say('Ordered it again', 'same requestId: the same job, nothing taken');

    await watch(client, created.jobId);
    const job = await client.call('getJobStatus', { jobId: created.jobId });
    assert.equal(job.status, 'completed', `the job is ${job.status}: ${job.error?.reason}`);

    const { creations } = await client.call('getUserCreations');
    const creation = creations.find((each) => each.creationId === job.creationId);
    assert.ok(creation, 'the creation is not in the library');
    say('In the library', `“${creation.title}”`);
    assert.ok(creation.media.length > 0 || job.text, 'the job has no result');
    if (job.text) say('Text', job.text.replaceAll('\n', `\n${' '.repeat(29)}`));
    await mkdir(process.env.STUDIOX_DEMO_DIR, { recursive: true });
    for (const item of creation.media) {
      const bytes = Buffer.from(await getBytes(ref(client.storage, item.path)));
      assert.equal(bytes.length, item.bytes);
      const file = join(process.env.STUDIOX_DEMO_DIR, item.path.split('/').at(-1));
      await writeFile(file, bytes);
      say('Media in Cloud Storage', item.title ? `${item.path}, “${item.title}”` : item.path);
      if (item.imagePath) say('With a cover', item.imagePath);
      say('A copy to look at', `${relative('.', file)} (${item.contentType}, ${item.bytes} bytes)`);
    }

    const after = await client.call('getUserBalance');
    assert.equal(after.balance, WELCOME_TOKENS - created.price);
    const { transactions } = await client.call('getTokenTransactions');
    assert.equal(transactions.reduce((sum, entry) => sum + entry.amount, 0), after.balance);
    assert.equal(transactions.length, 2, 'one bonus and one deduction, whatever was repeated');
    assert.deepEqual(seen, [WELCOME_TOKENS, after.balance]);
    table(transactions);
    console.log(`\n  Every token is accounted for: ${seen.join(' → ')}, as the client saw it live.\n`);
  } finally {
    stop();
    await client.close();
  }
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(`\n  It did not hold: ${error.message}`);
    process.exit(1);
  },
);
