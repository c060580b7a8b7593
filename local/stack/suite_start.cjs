/**
 * Preloaded into the emulator suite: leaves out checks that take most of the time in which the suite starts.
 *
 * They check what is fixed: schemas that come with firebase-tools, and a firebase.json whose faults are only noted in
 * the debug log. Requests are checked as before.
 */
"use strict";

const modules = `${__dirname}/../../node_modules`;

// The check of each of the Auth emulator's hundreds of parameters and bodies is made when a request first needs it.
const checks = require(`${modules}/exegesis/lib/oas3/Schema/validators`);
const make = checks.generateRequestValidator;
checks.generateRequestValidator = (...schema) => {
  let check;
  return (...request) => (check ??= make(...schema))(...request);
};

// Whether a schema is one is not asked: for that each of them would compile the schema of schemas for itself.
require(`${modules}/ajv`).Ajv.prototype.validateSchema = () => true;

require(`${modules}/firebase-tools/lib/firebaseConfigValidate`).getValidator = () => () => true;
