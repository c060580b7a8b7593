/**
 * Preloaded into the emulator suite: leaves out checks that take most of its start.
 *
 * They check fixed data: the schemas of firebase-tools, and firebase.json, whose faults only go to the debug log. Requests
 * are checked as before.
 */
"use strict";

const modules = `${__dirname}/../../node_modules`;

// The Auth emulator compiles a check for each of its hundreds of parameters and bodies. Compile each at its first use.
const checks = require(`${modules}/exegesis/lib/oas3/Schema/validators`);
const make = checks.generateRequestValidator;
checks.generateRequestValidator = (...schema) => {
  let check;
  return (...request) => (check ??= make(...schema))(...request);
};

// Do not validate the schemas themselves: each would compile the schema of schemas again.
require(`${modules}/ajv`).Ajv.prototype.validateSchema = () => true;

require(`${modules}/firebase-tools/lib/firebaseConfigValidate`).getValidator = () => () => true;
