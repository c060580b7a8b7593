// Files of the library as one zip that the browser makes. Fetched when somebody asks for one.
import { Zip, ZipPassThrough } from 'fflate';
import { html, type TemplateResult } from 'lit-html';
import type { Creation } from '../../clients/typescript/src/index.ts';
import type { App } from './app.ts';
import { save } from './files.ts';
import { say, translated } from './language.ts';
import { fileName, saveable, shownCreation } from './media.ts';
import { library as english } from './words/en/library.ts';

const words = translated('library', english);

/** As much as a phone holds. */
const MOST_FILES = 200;
const MOST_BYTES = 400_000_000;
/** Files that are fetched at the same time. */
const AT_ONCE = 4;
/** The longest wait for one of them. */
const FILE_MS = 300_000;

/** One file of the zip: of this path, or this text. */
interface Wanted {
  name: string;
  bytes: number;
  madeAt: Date;
  path?: string;
  text?: string;
}

function wanted(creations: readonly Creation[]): Wanted[] {
  const files = creations.flatMap((creation) => {
    const shown = shownCreation(creation);
    const { media, text, label } = shown;
    const madeAt = new Date(creation.createdAt);
    const found: Wanted[] = media.map(({ path, bytes }, at) => ({ name: fileName(shown, at), path, bytes, madeAt }));
    if (text) found.push({ name: `${saveable(label)}.txt`, text, bytes: text.length, madeAt });
    return found;
  });
  const taken = new Set<string>();
  return files.map((file) => ({ ...file, name: unique(file.name, taken) }));
}

/** The name, with a number if it is taken. Some systems do not tell upper from lower case. */
function unique(name: string, taken: Set<string>): string {
  const dot = name.lastIndexOf('.');
  let found = name;
  for (let number = 2; taken.has(found.toLowerCase()); number++)
    found = `${name.slice(0, dot)} (${number})${name.slice(dot)}`;
  taken.add(found.toLowerCase());
  return found;
}

/** Media are compressed already, so they are only stored. Blobs lie on the disk, where a phone has more room. */
async function zipped(files: readonly (Wanted & { content: Blob })[]): Promise<Blob> {
  const parts: Blob[] = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    parts.push(new Blob([chunk as Uint8Array<ArrayBuffer>]));
  });
  for (const { name, content, madeAt } of files) {
    const entry = new ZipPassThrough(name);
    entry.mtime = madeAt;
    zip.add(entry);
    await content.stream().pipeTo(new WritableStream({ write: (chunk) => entry.push(chunk) }));
    entry.push(new Uint8Array(), true);
  }
  zip.end();
  return new Blob(parts, { type: 'application/zip' });
}

/** Save all files of these creations. A dialog shows how far it is; closing it ends it. */
export async function saveZip(app: App, creations: readonly Creation[]): Promise<void> {
  const files = wanted(creations);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (files.length === 0) return app.say(words.noFiles, true);
  if (files.length > MOST_FILES || bytes > MOST_BYTES)
    return app.say(say(words.tooManyFiles, { files: MOST_FILES, megabytes: MOST_BYTES / 1e6 }), true);

  const stop = new AbortController();
  const found: (Blob | null)[] = [];
  let [next, loaded] = [0, 0];
  const lane = async () => {
    for (let at = next++; at < files.length && !stop.signal.aborted; at = next++) {
      const { path, text } = files[at]!;
      const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(FILE_MS)]);
      found[at] = path === undefined ? new Blob([text!]) : await app.files.blob(path, signal).catch(() => null);
      loaded += 1;
      app.update();
    }
  };
  let missing: string[] = [];
  app.show({
    label: words.download,
    closed: () => stop.abort(),
    view: () => (missing.length > 0 ? failed(app, missing) : progress(app, loaded, files.length)),
  });
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  if (stop.signal.aborted) return;
  missing = files.filter((_, at) => !found[at]).map(({ name }) => name);
  const there = files.flatMap((file, at) => (found[at] ? [{ ...file, content: found[at] }] : []));
  if (there.length > 0) {
    const day = new Date().toISOString().slice(0, 10);
    const content = await zipped(there);
    if (stop.signal.aborted) return;
    save(content, `StudioX ${day}.zip`);
    app.say(say(words.filesSaved, { count: there.length }));
  }
  if (missing.length === 0) app.show(null);
  app.update();
}

const progress = (app: App, loaded: number, all: number): TemplateResult => html`
  <h2>${words.download}</h2>
  <p>${say(words.filesOf, { loaded, all })}</p>
  <div class="working"><progress max=${all} .value=${loaded} aria-label=${words.download}></progress>
    <button autofocus @click=${() => app.show(null)}>${words.cancel}</button></div>`;

const failed = (app: App, missing: readonly string[]): TemplateResult => html`
  <h2>${words.download}</h2>
  <p role="alert">${words.filesMissing}</p>
  <ul>${missing.map((name) => html`<li dir="auto">${name}</li>`)}</ul>
  <button @click=${() => app.show(null)}>${words.close}</button>`;
