// Compiles src/ to dist/. Where the project is set up, with what is installed; in a fresh clone, in a temporary
// directory with what package-lock.json fixes: a node_modules here would be a second Firebase SDK for web/.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const here = import.meta.dirname;
const compiler = ['typescript', 'bin', 'tsc'];

/** A command with its output on stderr: stdout is for what `npm pack` says. */
function run(command, args, cwd) {
  const { status, error } = spawnSync(command, args, { cwd, stdio: ['ignore', 2, 2], shell: command === 'npm' });
  if (error !== undefined || status !== 0) throw new Error(`${command} ${args.join(' ')} failed`, { cause: error });
}

function compile(modules, project) {
  run(process.execPath, [join(modules, ...compiler), '-p', project], project);
}

const installed = createRequire(import.meta.url)
  .resolve.paths('typescript')
  .find((each) => existsSync(join(each, ...compiler)) && existsSync(join(each, 'firebase')));
rmSync(join(here, 'dist'), { recursive: true, force: true });
if (installed !== undefined) {
  compile(installed, here);
} else {
  const copy = mkdtempSync(join(tmpdir(), 'studiox-client-'));
  try {
    for (const name of ['.npmrc', 'package.json', 'package-lock.json', 'tsconfig.json', 'src']) {
      cpSync(join(here, name), join(copy, name), { recursive: true });
    }
    run('npm', ['ci', '--ignore-scripts'], copy);
    compile(join(copy, 'node_modules'), copy);
    cpSync(join(copy, 'dist'), join(here, 'dist'), { recursive: true });
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
