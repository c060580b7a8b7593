// The peer: the same debit in Node with Firebase's own SDKs, written as their documentation shows.
import { initializeApp } from 'firebase-admin/app';
import { getFirestore, Timestamp } from 'firebase-admin/firestore';
import { HttpsError, onCall } from 'firebase-functions/https';

initializeApp({ projectId: process.env.GCLOUD_PROJECT });
const db = getFirestore();

export const debit = onCall({ cors: true }, async (request) => {
  const uid = request.auth?.uid;
  if (!uid) throw new HttpsError('unauthenticated', 'Sign in first.');
  const { requestId, prompt } = request.data;
  if (typeof requestId !== 'string' || typeof prompt !== 'string') throw new HttpsError('invalid-argument', 'Invalid.');
  const price = 1;
  const userRef = db.doc(`users/${uid}`);
  const jobRef = db.doc(`jobs/${uid}-${requestId}`);
  return db.runTransaction(async (transaction) => {
    const [user, job] = await transaction.getAll(userRef, jobRef);
    if (job.exists) return { jobId: jobRef.id, balance: job.get('balanceAfter') };
    const { buckets, ledgerSeq } = user.data();
    const balance = user.get('balance');
    if (balance < price) throw new HttpsError('failed-precondition', 'Too few tokens.', { balance, price });
    const now = Timestamp.now();
    const after = { ...buckets, bonus: buckets.bonus - price };
    transaction.update(userRef, { balance: balance - price, buckets: after, ledgerSeq: ledgerSeq + 1, updatedAt: now });
    transaction.create(userRef.collection('ledger').doc(`deduction:${jobRef.id}`), {
      id: `deduction:${jobRef.id}`,
      seq: ledgerSeq + 1,
      type: 'deduction',
      amount: -price,
      buckets: { monthly: 0, bonus: -price, purchased: 0 },
      balanceAfter: balance - price,
      ref: { kind: 'job', id: jobRef.id },
      reason: 'bench',
      createdAt: now,
    });
    transaction.create(jobRef, {
      jobId: jobRef.id,
      uid,
      prompt,
      status: 'pending',
      price,
      balanceAfter: balance - price,
      createdAt: now,
    });
    return { jobId: jobRef.id, balance: balance - price };
  });
});
