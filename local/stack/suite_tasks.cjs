/**
 * Preloaded into the emulator suite: starts its Tasks emulator, which it starts only beside its own functions emulator.
 *
 * Ours is another (local/stack/server), so the suite's start is extended by this one emulator, at the port in
 * STUDIOX_TASKS_PORT.
 */
"use strict";

const lib = `${__dirname}/../../node_modules/firebase-tools/lib/emulator`;
// Never started here, and loading it takes a tenth of the suite's start: it brings a whole client library.
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
