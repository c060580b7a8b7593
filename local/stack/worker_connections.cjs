/**
 * Preloaded into the emulator suite: each request to a function's worker goes over a connection of its own.
 *
 * Node keeps connections for later requests, and a worker closes one that has been idle. A request that is sent at that
 * moment is lost ("socket hang up"): the suite answers it with a 500 in the worker's place, and does not send it again.
 */
"use strict";

const http = require("node:http");

http.globalAgent = new http.Agent({ keepAlive: false });
