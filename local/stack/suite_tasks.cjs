/**
 * Preloaded into the emulator suite: what it only does with its own functions emulator, for functions that run in
 * local/stack/server.
 *
 * It starts the Tasks emulator, at the port in STUDIOX_TASKS_PORT. And Hosting's rewrites go to our functions below
 * STUDIOX_FUNCTIONS; it would send them to production's.
 */
"use strict";

const lib = `${__dirname}/../../node_modules/firebase-tools/lib/emulator`;
// Never started here. Loading it would take a tenth of the suite's start, because it loads a whole client library.
const pubsub = require.resolve(`${lib}/pubsubEmulator`);
require.cache[pubsub] = { id: pubsub, filename: pubsub, loaded: true, exports: {} };

const controller = require(`${lib}/controller`);
const { EmulatorRegistry } = require(`${lib}/registry`);
const { TasksEmulator } = require(`${lib}/tasksEmulator`);

const startAll = controller.startAll;
controller.startAll = async (...options) => {
  const started = await startAll(...options);
  await EmulatorRegistry.start(new TasksEmulator({ host: "127.0.0.1", port: Number(process.env.STUDIOX_TASKS_PORT) }));
  return started;
};

const hosting = require(`${lib}/../hosting/functionsProxy`);
const { proxyRequestHandler } = require(`${lib}/../hosting/proxy`);
hosting.functionsProxy = () => async (rewrite) => {
  const { functionId } = rewrite.function;
  const pass = proxyRequestHandler(`${process.env.STUDIOX_FUNCTIONS}/${functionId}`, `local function ${functionId}`);
  // It ends the suite for an answer without a body.
  return (req, res, next) => pass(req.method === "HEAD" ? Object.assign(req, { method: "GET" }) : req, res, next);
};
