// Inputs of jobs: files that the user uploads to a place of their own.
import type { FirebaseApp } from 'firebase/app';
import { getAuth } from 'firebase/auth';
import { getStorage, ref, uploadBytes } from 'firebase/storage';
import { StudioXError } from './errors.js';
import { newRequestId } from './retry.js';

/** The largest upload that the Storage rules allow, in bytes. */
export const MAX_UPLOAD_BYTES = 20 * 1024 * 1024;

/** The signed-in user's uid. Throws `Unauthenticated`. */
function currentUid(app: FirebaseApp, asked: string): string {
  const uid = getAuth(app).currentUser?.uid;
  if (uid) return uid;
  throw new StudioXError('Unauthenticated', {}, 'unauthenticated', asked, undefined, 'Please sign in and try again.');
}

/** An upload for a job's input, with its type if the data do not have one. */
export interface InputFile {
  data: Blob | Uint8Array | ArrayBuffer;
  /** `image/…` but SVG, `audio/…` or `video/…`; a Blob's own type unless given. */
  contentType?: string;
  /** Only its extension is kept. */
  name?: string;
}

/**
 * Upload an input to `users/{uid}/uploads/`. Resolves to its path, for `inputPaths`. Throws a RangeError for a file that
 * the rules would refuse: more than 20 MiB, or of another kind.
 */
export async function uploadInput(app: FirebaseApp, file: Blob | InputFile): Promise<string> {
  const given: InputFile = file instanceof Blob ? { data: file } : file;
  const { data } = given;
  const uid = currentUid(app, 'uploadInput');
  const type = (given.contentType ?? (data instanceof Blob ? data.type : '')).toLowerCase();
  const size = data instanceof Blob ? data.size : data.byteLength;
  if (size > MAX_UPLOAD_BYTES) throw new RangeError('An input has at most 20 MiB.');
  if (!/^(image|audio|video)\//.test(type) || type.startsWith('image/svg'))
    throw new RangeError('An input is an image (not SVG), audio or video.');
  const name = given.name ?? (file instanceof Blob && 'name' in file ? String(file.name) : '');
  const [ending = ''] = /\.[A-Za-z0-9]{1,8}$/.exec(name) ?? [];
  const path = `users/${uid}/uploads/${newRequestId()}${ending.toLowerCase()}`;
  await uploadBytes(ref(getStorage(app), path), data, { contentType: type });
  return path;
}
