import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLogger } from '../../../src/telemetry/logger.js';
import type { LogLevel } from '../../../src/telemetry/logger.js';

function linesAt(level: LogLevel): string[] {
  const lines: string[] = [];
  const logger = createLogger(level, { write: (line) => void lines.push(line) });
  logger.info({ variant: 'full' }, 'a variant serves');
  logger.error({ err: new Error('no memory') }, 'a worker died');
  return lines;
}

describe('createLogger', () => {
  it('writes JSON lines with the level by name and the time', () => {
    const { time, ...line } = JSON.parse(linesAt('info')[0]!) as Record<string, unknown>;

    assert.deepEqual(line, { level: 'info', variant: 'full', msg: 'a variant serves' });
    assert.match(String(time), /^\d{4}-\d\d-\d\dT/);
  });

  it('writes the stack of an error', () => {
    const line = JSON.parse(linesAt('error')[0]!) as { err: { stack: string } };

    assert.match(line.err.stack, /Error: no memory\n\s+at /);
  });

  it('leaves out what is below its level', () => {
    assert.equal(linesAt('error').length, 1);
    assert.equal(linesAt('silent').length, 0);
  });
});
