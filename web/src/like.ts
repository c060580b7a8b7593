// Likes of posts, and the star of a favourite, in grids and on pages of one.
import type { Creation, Post } from '../../clients/typescript/src/index.ts';
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

/** Make it a favourite, or no longer one. */
export async function star(app: App, creation: Creation): Promise<void> {
  const { creationId, isFavorite } = creation;
  const done = await app.attempt(() => app.studiox.toggleFavorite({ creationId, favorite: !isFavorite }));
  if (done) creation.isFavorite = done.isFavorite;
  app.update();
}
