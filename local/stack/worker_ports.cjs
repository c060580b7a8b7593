/**
 * Preloaded into the emulator suite: gives each of its free ports out once on this machine.
 *
 * firebase-tools asks portfinder for a free port, and the Python worker listens there a second or two later.
 * Until then another worker, of this suite or of another, is given the same port: one of the two cannot listen, and
 * its suite takes the other's answer for its own. So each port is held from when it is found until its worker listens,
 * on a loopback address of its own: that keeps no worker from 127.0.0.1, but portfinder sees it from any suite. Where
 * that address does not exist (macOS without an alias) a port is as free as it was before.
 */
"use strict";

const net = require("node:net");
const portfinder = require("portfinder");

const HOLDER = "127.0.0.77";
const HELD_MS = 40_000; // the suite waits 30 s for a worker
// From 8081 upwards lie the suite's own ports at other offsets too (make serve OFFSET=100): workers go above them.
const SHIFT = 2_000;

/** Whether nobody else holds the port; then it is ours for a while. */
function hold(port) {
  return new Promise((resolve) => {
    const holder = net.createServer((socket) => socket.destroy());
    holder.once("error", (error) => resolve(error.code !== "EADDRINUSE"));
    holder.listen(port, HOLDER, () => {
      setTimeout(() => holder.close(), HELD_MS).unref();
      resolve(true);
    });
    holder.unref();
  });
}

const find = portfinder.getPortPromise;
portfinder.getPortPromise = async (options) => {
  let port = options.port + SHIFT;
  for (;;) {
    port = await find({ ...options, port }); // it refuses when there is no port left
    if (await hold(port)) return port;
    port += 1;
  }
};
