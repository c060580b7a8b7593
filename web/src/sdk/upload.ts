// Uploads to Cloud Storage.
import { connectStorageEmulator, getStorage } from 'firebase/storage';
import { uploadInput } from '../../../clients/typescript/src/upload.ts';
import { emulators } from '../project.ts';
import { firebaseApp } from './app.ts';
import './auth.ts'; // Storage asks Auth for the token

const app = await firebaseApp();
if (emulators) connectStorageEmulator(getStorage(app), emulators.hostname, emulators.storage);

/** Upload an input of a job. Resolves to its path. Throws a RangeError for a file that the rules would refuse. */
export const upload = (file: Blob): Promise<string> => uploadInput(app, file);
