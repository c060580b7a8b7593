/**
 * Preloaded into the emulator suite: its Auth emulator compiles the check of a request at the first such request.
 *
 * Left to itself it compiles all of them when it starts, which is most of the time that the whole suite takes.
 */
"use strict";

const exegesis = require(`${__dirname}/../../node_modules/exegesis-express`);

const middleware = exegesis.middleware;
exegesis.middleware = (spec, options) => middleware(spec, { ...options, lazyCompileValidationSchemas: true });
