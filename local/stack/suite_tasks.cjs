/**
 * Preloaded into the emulator suite: starts its Tasks emulator, which the suite only starts with its own functions
 * emulator.
 *
 * Our functions run in local/stack/server, so this module starts the emulator too, at the port in STUDIOX_TASKS_PORT.
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
