/** The way between the gateway and a worker process, and what happens when one of the two is gone. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { RunFailedError, Worker, WorkerDiedError } from '../../../src/runtime/worker.js';
import { allGone } from '../../support/child-processes.js';
import { MISBEHAVIOUR } from '../../support/misbehaviour.js';
import type { BatchInput, FromWorker, LoadVariant } from '../../../src/runtime/protocol.js';

const FAKE_HOST = path.join(import.meta.dirname, '../../support/fake-worker-host.js');
const REAL_HOST = path.join(import.meta.dirname, '../../../src/runtime/worker-host.js');
const WORKER = path.join(import.meta.dirname, '../../../src/runtime/worker.js');
const HUNG_AFTER_MS = 60_000;
const GRACE_MS = 10_000;
const LABELS = 9;

const workers: Worker[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const worker of workers.splice(0)) {
    worker.kill();
    await worker.close(0);
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

interface Started {
  readonly worker: Worker;
  readonly lines: string[];
  /** How it ended. */
  readonly gone: Promise<string>;
  /** Resolves when so many messages of this type have come in all. */
  readonly come: (type: FromWorker['type'], count?: number) => Promise<void>;
}

function start(hostPath: string): Started {
  const counts = new Map<string, number>();
  const waiting: (() => void)[] = [];
  const lines: string[] = [];
  let ended: (how: string) => void;
  const gone = new Promise<string>((resolve) => (ended = resolve));
  const worker = new Worker(hostPath, {
    onMessage: ({ type }) => {
      counts.set(type, (counts.get(type) ?? 0) + 1);
      for (const again of waiting.splice(0)) again();
    },
    onExit: (how) => ended(how),
    onStderr: (line) => lines.push(line),
  });
  workers.push(worker);
  const come = async (type: FromWorker['type'], count = 1): Promise<void> => {
    while ((counts.get(type) ?? 0) < count) {
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  return { worker, lines, gone, come };
}

/** A host of its own from JavaScript; its channel is file descriptor 3. */
function startScript(script: string): Started {
  const folder = mkdtempSync(path.join(tmpdir(), 'entier-worker-'));
  folders.push(folder);
  const file = path.join(folder, 'host.mjs');
  writeFileSync(file, script);
  return start(file);
}

function variant(name = 'a', file = 'good'): LoadVariant {
  const providers = ['cpu'] as const;
  return { name, path: file, sha256: '', labelCount: LABELS, padId: 0, providers, threads: 1 };
}

function batchOf(first: number, tokens: number): BatchInput {
  const ids = Int32Array.from({ length: tokens }, (_, at) => (at === 1 ? first : at));
  return {
    variant: 'a',
    lengths: Int32Array.of(tokens),
    ids,
    caseTypes: new Uint8Array(tokens),
  };
}

describe('Worker', { timeout: 120_000 }, () => {
  it('lets the process that speaks HTTP go first', async () => {
    const { worker, come } = start(FAKE_HOST);
    await come('up');
    assert.equal(getPriority(worker.pid), Math.min(19, getPriority() + 7));
  });

  it('takes batches and gives back logits that are larger than any buffer on the way', async () => {
    const { worker } = start(FAKE_HOST);
    worker.load([variant()]);
    const tokens = 200_000;

    const { logits } = await worker.run(batchOf(1, tokens), HUNG_AFTER_MS);

    assert.equal(logits.length, (tokens - 2) * LABELS);
    const wrong = logits.findIndex(
      (value, at) => value !== (at % LABELS === (Math.floor(at / LABELS) + 1) % LABELS ? 9 : 0),
    );
    assert.equal(wrong, -1);
  });

  it('does not lock up while both sides write more than the way between them holds', async () => {
    const { worker, come } = start(FAKE_HOST);
    const many = Array.from({ length: 10_000 }, (_, index) => variant(`variant-${index}`));

    for (let time = 0; time < 4; time += 1) worker.load(many);

    await come('loaded', 4);
    await come('variant_loaded', 4 * many.length);
  });

  it('tells what the process writes to stderr, line by line', async () => {
    const { lines, gone } = startScript(`console.error('one\\ntwo'); process.exitCode = 5;`);

    assert.equal(await gone, 'code 5');
    // The lines may come after the news of the end.
    while (lines.length < 2) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(lines, ['one', 'two']);
  });

  it('kills a process that writes what is no message', async () => {
    const { lines, gone } = startScript(`
      import { writeSync } from 'node:fs';
      writeSync(3, 'Segmentation fault\\n');
      setInterval(() => undefined, 60_000);
    `);

    assert.equal(await gone, 'SIGKILL');
    assert.match(lines[0]!, /not a message: a frame cannot have/);
  });

  it('rejects a run when half of its answer has come and the process dies', async () => {
    const { worker } = startScript(`
      import { readSync, writeSync } from 'node:fs';
      readSync(3, Buffer.alloc(100));
      writeSync(3, Uint32Array.of(4000, 2, 1));
      process.kill(process.pid, 'SIGKILL');
    `);

    await assert.rejects(worker.run(batchOf(1, 4), HUNG_AFTER_MS), WorkerDiedError);
    await assert.rejects(worker.run(batchOf(1, 4), HUNG_AFTER_MS), WorkerDiedError);
  });

  it('says that a process ended whose host does not exist', async () => {
    const { gone } = start(path.join(import.meta.dirname, 'no-such-host.js'));
    assert.equal(await gone, 'code 1');
  });

  it('knows a run that takes too long, and ends when it is killed', async () => {
    const { worker, gone } = start(FAKE_HOST);
    worker.load([variant()]);

    const run = worker.run(batchOf(MISBEHAVIOUR.hang, 4), 1);

    assert.equal(worker.isHung(performance.now()), false);
    assert.equal(worker.isHung(performance.now() + 1_000), true);
    worker.kill();
    await assert.rejects(run, WorkerDiedError);
    assert.equal(await gone, 'SIGKILL');
  });

  it('kills a process that does not end in its grace period', async () => {
    const { worker, gone } = start(FAKE_HOST);
    worker.load([variant()]);
    const run = assert.rejects(worker.run(batchOf(MISBEHAVIOUR.hang, 4), 1), WorkerDiedError);

    await worker.close(1);

    assert.equal(await gone, 'SIGKILL');
    await run;
  });
});

describe('worker-host', { timeout: 120_000 }, () => {
  it('outlives the signals that a terminal sends to all, and ends when it is told to', async () => {
    const { worker, gone, come } = start(REAL_HOST);
    await come('up');

    process.kill(worker.pid, 'SIGINT');
    process.kill(worker.pid, 'SIGTERM');

    await assert.rejects(worker.run(batchOf(1, 4), HUNG_AFTER_MS), RunFailedError);
    await worker.close(GRACE_MS);
    assert.equal(await gone, 'code 0');
  });
});

describe('a worker whose gateway is killed', { timeout: 120_000 }, () => {
  /**
   * A process starts a worker, gives it a batch of so many tokens, none at all for 0, and is killed before the worker
   * can take it. Returns the worker's process id.
   */
  async function orphan(hostPath: string, tokens: number): Promise<number> {
    const script = `
      const { Worker } = await import(${JSON.stringify(pathToFileURL(WORKER).href)});
      const worker = new Worker(${JSON.stringify(hostPath)}, {
        onMessage: ({ type }) => {
          if (type !== 'loaded') return;
          const caseTypes = new Uint8Array(${tokens});
          const input = {
            variant: 'a',
            lengths: Int32Array.of(${tokens}),
            ids: Int32Array.from(caseTypes),
            caseTypes,
          };
          process.kill(worker.pid, 'SIGSTOP');
          if (${tokens} > 0) worker.run(input, 1e9);
          console.log(worker.pid);
        },
        onExit: () => undefined,
        onStderr: (line) => console.error(line),
      });
      worker.load(${JSON.stringify(tokens === 0 ? [] : [variant()])});
    `;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(owner.stdout, 'data')) as [Buffer];
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    const pid = Number(line.toString());
    process.kill(pid, 'SIGCONT');
    return pid;
  }

  it('ends when it waits for work', async () => {
    await allGone([await orphan(REAL_HOST, 0)]);
  });

  it('ends after a run whose answer nobody takes', async () => {
    await allGone([await orphan(FAKE_HOST, 4)]);
  });

  it('ends when only a part of a batch has come', async () => {
    await allGone([await orphan(FAKE_HOST, 1_000_000)]);
  });
});
