/**
 * Preloaded into the emulator suite: gives each of its free ports out once on this machine.
 *
 * firebase-tools asks portfinder for a free port, and the Python worker listens there a second or two later. Until then
 * another worker, of this suite or of another, can get the same port. Then one of them cannot listen, and its suite
 * mistakes the other's answer for its own. So each port is held from when it is found until its worker listens, on a
 * loopback address of its own: workers can still use 127.0.0.1, and portfinder sees the port as taken from any suite.
 * Without that address (macOS without an alias) ports are not held.
 */
"use strict";

const net = require("node:net");
const portfinder = require("portfinder");

const HOLDER = "127.0.0.77";
const HELD_MS = 40_000; // the suite waits 30 s for a worker
// Ports from 8081 upwards include the suite's own ones at other offsets (make serve OFFSET=100). Workers go above them.
const SHIFT = 2_000;

/** Hold the port for a while. False if another process holds it. */
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
