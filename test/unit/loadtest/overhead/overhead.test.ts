import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { parseFlags } from '../../../../loadtest/flags.js';
import { overheadFlags, runOverhead } from '../../../../loadtest/overhead.js';
import type {
  OverheadReport,
  OverheadRound,
} from '../../../../loadtest/overhead/overhead-report.js';
import { allGone, childrenOf } from '../../../support/child-processes.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'entier-overhead-'));
after(() => rmSync(folder, { recursive: true }));

const models = ['--models', 'test/fixtures/models', '--out', folder];

describe('the command overhead', () => {
  it('measures a gateway of its own beside the raw loop, and keeps all figures', async (context) => {
    context.mock.method(console, 'log', () => undefined);
    context.mock.method(process.stderr, 'write', () => true);
    process.env.ENTIER_PROFILES_DIR = path.join(folder, 'profiles');
    const before = childrenOf(process.pid);
    const quick = ['--rounds', '2', '--passes', '2', '--sentences', '20', '--duration', '1'];
    const args = [...models, ...quick, '--warmup', '0', '--variant', 'tiny-int8'];

    await runOverhead(parseFlags(args, overheadFlags));

    const file = readdirSync(folder).find((name) => name.startsWith('overhead-'))!;
    const { rounds, targets, parameters } = JSON.parse(
      readFileSync(path.join(folder, file), 'utf8'),
    ) as OverheadReport & { rounds: OverheadRound[]; parameters: { sentences: number } };
    assert.equal(parameters.sentences, 20);
    assert.equal(rounds.length, 2);
    for (const { oneConnection, saturation } of rounds) {
      assert.equal(oneConnection.texts, 40);
      assert.ok(oneConnection.rawP50 > 0 && oneConnection.gatewayP50 > oneConnection.rawP50);
      assert.ok(saturation.workers >= 1 && saturation.cpuMsPerRequest.workers > 0);
      assert.ok(saturation.eventLoopMs.max >= saturation.eventLoopMs.p99);
    }
    assert.ok(targets.every(({ outcome }) => outcome !== 'not measured'));
    await allGone(childrenOf(process.pid).filter((pid) => !before.includes(pid)));
  });

  it('refuses a variant that there is not before anything starts', async () => {
    await assert.rejects(
      runOverhead(parseFlags([...models, '--variant', 'huge'], overheadFlags)),
      /no variant "huge"; it has tiny/,
    );
  });
});
