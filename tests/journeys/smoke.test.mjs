// `make smoke` against the running stack: every public function and the site answer as this checkout does.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import test from 'node:test';
import { promisify } from 'node:util';

const { STUDIOX_FUNCTIONS_URL, STUDIOX_HOSTING_URL } = process.env;

test('every public function and the site answer as this checkout does', async () => {
  const addresses = ['--functions', STUDIOX_FUNCTIONS_URL, '--site', STUDIOX_HOSTING_URL];
  const ran = promisify(execFile)('.venv/bin/python', ['-m', 'ops.smoke', ...addresses]);
  const { stdout } = await ran.catch((error) => error); // what it printed says more than that it failed
  assert.match(stdout, /^[0-9]{2} functions and the site of demo-studiox answer as this checkout does\.$/m);
});
