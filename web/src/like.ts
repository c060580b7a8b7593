// Likes, in the feed and on a post's page.
import type { Post } from '../../clients/typescript/src/index.ts';
import type { App } from './app.ts';
import { askToSignIn } from './sign-in.ts';

/** Toggle the like. Asks a visitor to sign in first. */
export async function like(app: App, post: Post): Promise<void> {
  if (!app.user) return askToSignIn(app, undefined, false);
  const done = await app.attempt(() => app.studiox.likePost({ postId: post.postId, liked: !post.likedByMe }));
  if (done) [post.likedByMe, post.likeCount] = [done.liked, done.likeCount];
  app.update();
}
