// Runs the layers of the test suite one after the other and sums up what passed: `node test/run.mjs [layer ...]`.

import { spawn } from 'node:child_process';

const LAYERS = {
  unit: ['node', ['--test', '--test-reporter=spec', 'build/test/unit']],
  property: ['node', ['--test', '--test-reporter=spec', 'build/test/property']],
  integration: ['node', ['--test', '--test-reporter=spec', 'build/test/integration']],
  // Real workers and real models: one file at a time, or they take the cores from each other.
  e2e: ['node', ['--test', '--test-concurrency=1', '--test-reporter=spec', 'build/test/e2e']],
  python: ['bash', ['test/support/run-pytest.sh']],
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => LAYERS[name] === undefined);
if (unknown.length > 0) {
  console.error(`unknown layer ${unknown.join(', ')}; there are ${Object.keys(LAYERS).join(', ')}`);
  process.exit(2);
}

/** Runs a layer with its output shown; counts are read from the runners' own closing lines. */
function run(name) {
  const [command, args] = LAYERS[name];
  const startedAt = Date.now();
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let tail = '';
    child.stdout.on('data', (chunk) => {
      process.stdout.write(chunk);
      tail = (tail + chunk.toString()).slice(-20_000);
    });
    child.on('close', (code) => {
      resolve({ name, code, seconds: (Date.now() - startedAt) / 1000, ...countsOf(tail) });
    });
  });
}

function countsOf(tail) {
  // eslint-disable-next-line no-control-regex -- the spec reporter colours its lines
  const text = tail.replace(/\x1b\[\d+m/g, '');
  const count = (patterns) => Number(patterns.map((p) => p.exec(text)?.[1]).find(Boolean) ?? 0);
  return {
    passed: count([/ℹ pass (\d+)/, /(\d+) passed/]),
    failed: count([/ℹ fail (\d+)/, /(\d+) failed/]),
    skipped: count([/ℹ skipped (\d+)/, /(\d+) skipped/]),
  };
}

const results = [];
for (const name of asked.length > 0 ? asked : Object.keys(LAYERS)) {
  console.log(`\n=== ${name} ===`);
  results.push(await run(name));
}

console.log('\nlayer          passed  failed  skipped  seconds');
for (const { name, passed, failed, skipped, seconds } of results) {
  const cells = [passed, failed, skipped].map((n, i) => String(n).padStart([6, 8, 9][i]));
  console.log(`${name.padEnd(15)}${cells.join('')}${seconds.toFixed(0).padStart(9)}`);
}
const sum = (key) => results.reduce((total, result) => total + result[key], 0);
// A runner that fails before its first test counts as one failure, and so does a layer in which nothing ran.
const broken = results.filter(
  ({ code, failed, passed }) => failed === 0 && (code !== 0 || passed === 0),
);
for (const { name, code } of broken)
  console.log(`${name}: nothing passed or the runner exited with ${code}`);
const failed = sum('failed') + broken.length;
console.log(`\n${sum('passed')} passed, ${failed} failed, ${sum('skipped')} skipped`);
process.exit(failed === 0 ? 0 : 1);
