// Likes, in the feed and on a post's page.
import type { Post } from '../../clients/typescript/src/index.ts';
import type { App } from './app.ts';
import { askToSignIn } from './sign-in.ts';

/** Toggle the like. A visitor is asked to sign in first, and likes it then. */
export async function like(app: App, post: Post): Promise<void> {
  const { postId } = post;
  if (!app.user) {
    const first = () => app.attempt(() => app.studiox.likePost({ postId, liked: true }));
    return askToSignIn(app, () => void first().then(() => app.go()), false);
  }
  const done = await app.attempt(() => app.studiox.likePost({ postId, liked: !post.likedByMe }));
  if (done) [post.likedByMe, post.likeCount] = [done.liked, done.likeCount];
  app.update();
}
