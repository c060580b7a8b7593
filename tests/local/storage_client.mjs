// What a client may do under storage.rules, tried with the real SDK. Prints one JSON object: what, and how it ended.
import { initializeApp } from "firebase/app";
import { connectAuthEmulator, getAuth, signInWithEmailAndPassword } from "firebase/auth";
import { connectStorageEmulator, deleteObject, getBytes, getStorage, listAll, ref, uploadBytes } from "firebase/storage";

const app = initializeApp({ projectId: process.env.GCLOUD_PROJECT, apiKey: "local", storageBucket: "demo-studiox.appspot.com" });
const auth = getAuth(app);
connectAuthEmulator(auth, `http://${process.env.FIREBASE_AUTH_EMULATOR_HOST}`, { disableWarnings: true });
const storage = getStorage(app);
const [host, port] = process.env.FIREBASE_STORAGE_EMULATOR_HOST.split(":");
connectStorageEmulator(storage, host, Number(port));

const [email, password] = process.argv.slice(2);
const { user } = await signInWithEmailAndPassword(auth, email, password);
const outcome = {};
const attempt = async (name, work) => {
  outcome[name] = await work().then(() => "ok", (error) => error.code);
};
const image = { contentType: "image/png" };
const own = ref(storage, `users/${user.uid}/uploads/a.png`);
await attempt("upload", () => uploadBytes(own, new Uint8Array(100), image));
await attempt("overwrite", () => uploadBytes(own, new Uint8Array(200), image));
await attempt("read", () => getBytes(own));
await attempt("list", () => listAll(ref(storage, `users/${user.uid}/uploads`)));
await attempt("largest", () => uploadBytes(own, new Uint8Array(20 * 1024 * 1024), image));
await attempt("too large", () => uploadBytes(own, new Uint8Array(20 * 1024 * 1024 + 1), image));
await attempt("svg", () => uploadBytes(own, new Uint8Array(9), { contentType: "image/svg+xml" }));
await attempt("nested", () => uploadBytes(ref(storage, `users/${user.uid}/uploads/a/b.png`), new Uint8Array(9), image));
await attempt("foreign", () => uploadBytes(ref(storage, "users/somebody/uploads/a.png"), new Uint8Array(9), image));
await attempt("foreign read", () => getBytes(ref(storage, "users/somebody/uploads/a.png")));
await attempt("creation", () => uploadBytes(ref(storage, `users/${user.uid}/creations/j/0.png`), new Uint8Array(9), image));
await attempt("post", () => uploadBytes(ref(storage, "posts/p/0.png"), new Uint8Array(9), image));
await attempt("missing post", () => getBytes(ref(storage, "posts/p/0.png")));
await attempt("delete", () => deleteObject(own));
console.log(JSON.stringify(outcome));
process.exit(0);
