// Accounts: Firebase Auth's own flows with our trigger behind them, by the e-mails that the Auth emulator would send.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  applyActionCode,
  confirmPasswordReset,
  createUserWithEmailAndPassword,
  EmailAuthProvider,
  reauthenticateWithCredential,
  sendEmailVerification,
  sendPasswordResetEmail,
  signInAnonymously,
  signInWithEmailAndPassword,
  signOut,
  updatePassword,
} from 'firebase/auth';
import { doc, getDoc } from 'firebase/firestore';
import { address, assertAccounted, denied, liveUser, mailed, newcomer, order, PASSWORD, refused, visitor } from './support.mjs';

test('register, confirm the address, sign out and in', async (t) => {
  const client = await newcomer(t);
  const profile = await client.call('getProfile');
  assert.deepEqual([profile.uid, profile.email, profile.plan, profile.balance], [client.uid, client.email, 'free', 200]);
  assert.match(profile.createdAt, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  const stored = await getDoc(doc(client.firestore, 'users', client.uid));
  assert.equal(stored.data().balance, 200, 'the account is there before the first token');

  const { currentUser } = client.auth;
  assert.equal(currentUser.emailVerified, false);
  await sendEmailVerification(currentUser);
  await applyActionCode(client.auth, (await mailed(client.email, 'VERIFY_EMAIL')).oobCode);
  await currentUser.reload();
  assert.equal(currentUser.emailVerified, true);
  assert.equal((await currentUser.getIdTokenResult(true)).claims.email_verified, true);

  await signOut(client.auth);
  await refused(client.call('getProfile'), 'unauthenticated', 'Unauthenticated');
  await denied(signInWithEmailAndPassword(client.auth, client.email, 'a wrong password'), 'auth/wrong-password');
  await denied(createUserWithEmailAndPassword(client.auth, client.email, PASSWORD), 'auth/email-already-in-use');
  await signInWithEmailAndPassword(client.auth, client.email, PASSWORD);
  assert.deepEqual(await client.call('initializeUser'), await client.call('getProfile'));
  const { balance } = await assertAccounted(client);
  assert.equal(balance, 200, 'one bonus, whatever was repeated');
});

test('a forgotten password is set anew by e-mail', async (t) => {
  const client = await newcomer(t);
  await signOut(client.auth);
  await sendPasswordResetEmail(client.auth, client.email);
  const code = (await mailed(client.email, 'PASSWORD_RESET')).oobCode;
  await confirmPasswordReset(client.auth, code, 'another password');
  await denied(confirmPasswordReset(client.auth, code, 'a third password'), 'auth/invalid-action-code');
  await denied(signInWithEmailAndPassword(client.auth, client.email, PASSWORD), 'auth/wrong-password');
  await signInWithEmailAndPassword(client.auth, client.email, 'another password');
  assert.equal((await client.call('getUserBalance')).balance, 200);
});

test('a password is changed by who knows it', async (t) => {
  const client = await newcomer(t);
  const { currentUser } = client.auth;
  const wrong = EmailAuthProvider.credential(client.email, 'a wrong password');
  await denied(reauthenticateWithCredential(currentUser, wrong), 'auth/wrong-password');
  await reauthenticateWithCredential(currentUser, EmailAuthProvider.credential(client.email, PASSWORD));
  await updatePassword(currentUser, 'another password');
  await signOut(client.auth);
  await denied(signInWithEmailAndPassword(client.auth, client.email, PASSWORD), 'auth/wrong-password');
  await signInWithEmailAndPassword(client.auth, client.email, 'another password');
  assert.equal((await client.call('getProfile')).uid, client.uid);
});

test('a disposable address gets no account', async (t) => {
  const client = visitor(t);
  const email = address('mailinator.com');
  await assert.rejects(createUserWithEmailAndPassword(client.auth, email, PASSWORD), /This e-mail domain cannot sign up/);
  await denied(signInWithEmailAndPassword(client.auth, email, PASSWORD), 'auth/user-not-found');
  await refused(client.call('getProfile'), 'unauthenticated', 'Unauthenticated');
});

test('A3: who signs in anonymously has an account without a bonus', async (t) => {
  const client = visitor(t);
  const { user } = await signInAnonymously(client.auth);
  const profile = await client.call('getProfile');
  assert.deepEqual([profile.uid, profile.email, profile.balance], [user.uid, null, 0]);
  const { transactions } = await client.call('getTokenTransactions');
  assert.deepEqual(transactions, []);
});

test('signed out everywhere', async (t) => {
  const client = await newcomer(t);
  const elsewhere = visitor(t);
  await signInWithEmailAndPassword(elsewhere.auth, client.email, PASSWORD);
  const issued = (await elsewhere.auth.currentUser.getIdTokenResult()).claims.iat * 1_000;
  await new Promise((resolve) => setTimeout(resolve, 1_100)); // sessions are told apart by the second
  const { revokedAt } = await client.call('revokeSessions');
  assert.ok(Date.parse(revokedAt) > issued);
  await refused(order(elsewhere), 'unauthenticated', 'Unauthenticated'); // with a token that is good for an hour yet
  await elsewhere.auth.currentUser.getIdToken(true); // which the emulator still gives, other than production
  await refused(order(elsewhere), 'unauthenticated', 'Unauthenticated');
  await signInWithEmailAndPassword(client.auth, client.email, PASSWORD);
  assert.equal((await client.call('getProfile')).uid, client.uid);
});

test('a profile is changed, and shown live', async (t) => {
  const client = await newcomer(t);
  const account = liveUser(t, client);
  const changed = await client.call('updateProfile', { displayName: '  Zoë ', preferences: { emailJobs: true } });
  assert.deepEqual([changed.displayName, changed.preferences.emailJobs], ['Zoë', true]);
  await account.until(({ displayName }) => displayName === 'Zoë', 'the name');
  await refused(client.call('updateProfile', { photoUrl: 'javascript:1' }), 'invalid-argument', 'InvalidRequest');
});
