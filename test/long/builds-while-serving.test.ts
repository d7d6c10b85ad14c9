/** Variants made again and again of the real model: nothing that is asked meanwhile fails, and nothing is left behind. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answersTo } from '../../loadtest/answers-to.js';
import { steadyProfile } from '../../loadtest/arrivals/rate-profile.js';
import { planSchedule } from '../../loadtest/arrivals/schedule.js';
import { cycleBuilds, cycleFiguresOf } from '../../loadtest/builds/cycle-builds.js';
import { withBuildsGateway } from '../../loadtest/builds/open-builds-gateway.js';
import { loadCorpus } from '../../loadtest/corpus/corpus.js';
import { loadNer } from '../../loadtest/ner-load.js';
import { tally } from '../../loadtest/statistics.js';

const MODELS = 'models';
const PARENT = 'full';
const recipe = { precision: 'int8' };
/** So long that lateness decides nothing, however busy this host is. */
const BUDGET_MS = 30_000;
const LOAD_SECONDS = 30;
const CYCLES = 50;
const WARM_UP = 5;
const corpus = loadCorpus();

describe('variants made of the real model', () => {
  it('leave every request answered at half of the capacity, while one is built after the other', async () => {
    await withBuildsGateway(MODELS, async ({ url, admin, variants }) => {
      const { answers: closed, seconds } = await loadNer({
        ...{ url, corpus, connections: 8, warmupSeconds: 1, seconds: 4, cache: false },
        fields: () => ({ latency_budget_ms: BUDGET_MS }),
      });
      const perSecond = closed.length / seconds / 2;
      const schedule = planSchedule({
        ...{ profile: steadyProfile(perSecond, LOAD_SECONDS), cv2: 1, budgetsMs: [BUDGET_MS] },
        ...{ sentences: corpus.length, warmupSeconds: 0, seed: 1 },
      });
      let sending = true;
      let built = 0;
      const building = async (): Promise<void> => {
        while (sending) {
          await admin.build({ parent: PARENT, recipe, name: 'made' });
          built++;
          await admin.remove('made');
        }
      };
      const options = { url, corpus, cache: false, retries: 0, fields: { on_miss: 'degrade' } };
      const sent = answersTo(schedule, options).finally(() => (sending = false));
      const [answers] = await Promise.all([sent, building()]);

      assert.deepEqual(tally(answers.map(({ code }) => code)), { ok: schedule.length });
      const known = [...variants, 'made'];
      assert.ok(answers.every(({ variant }) => known.includes(variant!)));
      assert.ok(built > 0);
    });
  });

  it(`are gone after ${CYCLES} times of build, retire and remove: memory, processes and files`, async () => {
    await withBuildsGateway(MODELS, async (gateway) => {
      const options = { parent: PARENT, recipe, cycles: CYCLES, next: () => undefined };
      const run = await cycleBuilds(gateway, options);

      const { memoryRatio, processesLeft, filesLeft } = cycleFiguresOf(run, WARM_UP);
      const memory = run.cycles.map(({ rssMiB }) => rssMiB.toFixed(0)).join(' ');
      assert.ok(
        memoryRatio <= 1.1,
        `${memoryRatio} of the memory after cycle ${WARM_UP}: ${memory}`,
      );
      assert.deepEqual([processesLeft, filesLeft], [0, 0]);
    });
  });
});
