import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

/** Instructions of the Dockerfile with continued lines joined, comments dropped. */
const instructions = readFileSync('Dockerfile', 'utf8')
  .replace(/\\\n/g, ' ')
  .split('\n')
  .map((line) => line.trim())
  .filter((line) => line !== '' && !line.startsWith('#'));
const stages = instructions.flatMap((line, index) => (line.startsWith('FROM ') ? [index] : []));
const lastStage = instructions.slice(stages.at(-1));
const ignored = readFileSync('.dockerignore', 'utf8').split('\n');

describe('the Dockerfile', () => {
  it('builds in stages from one pinned image of a supported Node', () => {
    assert.ok(stages.length >= 2);
    for (const index of stages) {
      assert.match(instructions[index]!, /^FROM node:(2\d\.\d+\.\d+)-bookworm-slim/);
    }
  });

  it('installs from the lockfile and downloads no CUDA libraries', () => {
    const installs = instructions.filter((line) => line.includes('npm '));
    assert.ok(installs.every((line) => /npm (ci|run)/.test(line)));
    const skips = instructions.filter((line) => line.includes('ONNXRUNTIME_NODE_INSTALL=skip'));
    assert.equal(skips.length, 2);
  });

  it('runs as a user without rights on the code, with a health check and a clean stop', () => {
    const user = lastStage.indexOf('USER node');
    assert.ok(user > 0);
    assert.ok(lastStage.slice(user).every((line) => !line.startsWith('COPY')));
    assert.ok(lastStage.some((line) => line.startsWith('HEALTHCHECK') && line.includes('/readyz')));
    assert.ok(lastStage.includes('STOPSIGNAL SIGTERM'));
    assert.equal(lastStage.at(-1), 'CMD ["node", "dist/main.js"]');
  });

  it('copies only what exists and what .dockerignore lets through', () => {
    const sources = instructions
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(/\s+/).slice(1, -1));
    assert.ok(sources.length > 0);
    for (const source of sources) {
      const name = source.replace(/^\.\//, '');
      assert.ok(existsSync(name), `${name} does not exist`);
      assert.ok(ignored.includes(`!${name}`), `${name} is not in the build context`);
    }
  });

  it('has the models in the image', () => {
    assert.ok(lastStage.some((line) => /^COPY models /.test(line)));
  });

  it('leaves out what the report was written from', () => {
    assert.ok(ignored.indexOf('models/report/records') > ignored.indexOf('!models'));
  });
});
