/**
 * Preloaded into the Firebase CLI: sends its requests to the stand-in that GOOGLE_STAND_IN names.
 *
 * The CLI has variables for the addresses of most APIs, but not of all, and takes the names of the APIs that it enables
 * from these addresses. So it keeps Google's addresses here, and each request is sent to the stand-in: nothing leaves
 * the machine.
 */
"use strict";

const standIn = process.env.GOOGLE_STAND_IN;
for (const [name, value] of Object.entries(process.env)) {
  // Our own commands need the variables; without them the CLI uses Google's names.
  if (value.startsWith(`${standIn}/`)) delete process.env[name];
}

const send = globalThis.fetch;
globalThis.fetch = (address, options) => {
  const { hostname, pathname, search } = new URL(address);
  return send(hostname === "127.0.0.1" ? address : `${standIn}/${hostname}${pathname}${search}`, options);
};
