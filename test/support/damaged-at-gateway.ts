/** Damaged models at a gateway that was started as a user starts it, and what becomes of them and of it. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { defaultFloor } from '../../src/building/agreement-floor.js';
import { cardSchema, type Card } from '../../src/registry/card.js';
import { tinyCard } from './build-jobs.js';
import {
  layOutDamaged,
  type DamagedFolder,
  type DamagedModel,
  type DamagedParent,
} from './damaged-folders.js';
import { ADMIN_KEY } from './fake-admin.js';
import { GatewayProcess } from './gateway-process.js';

type Reference = Card['reference'];

/** Of a parent: what its build ended with. Of a folder: whether it was taken in. */
type Outcome = 'active' | 'gate_failed' | 'failed' | 'added' | 'refused';
export type DamagedTally = Readonly<Record<Outcome, number>>;

const FLOORS = { precision: 0.97, cut: 0.8 };
const SOUND = ['tiny', 'tiny-int8'];
const TEXTS = tinyCard.reference.map(({ text }) => text);
/** What a build of a damaged parent may fail with; `internal` is a bug. */
const FAILURES = ['invalid_model', 'invalid_recipe', 'killed'];
/** Of the sentences on the card of a model that was taken in. */
const ASKED_AGAIN = 30;
const POLL_EVERY_MS = 50;
const WATCH_EVERY_MS = 100;

/**
 * Brings `count` damaged models to one gateway, half of them as parents of builds and half as folders, while it is asked
 * all the time. Throws where the gateway ends, a sound variant answers otherwise than before, a damaged model
 * serves that does not agree, or something is left behind; the message has seed and index of the model.
 */
export async function bringDamaged(wanted: {
  readonly count: number;
  readonly firstSeed: number;
}): Promise<DamagedTally> {
  const root = mkdtempSync(path.join(tmpdir(), 'entier-damaged-'));
  try {
    const [modelsDir, temporary] = [path.join(root, 'models'), path.join(root, 'tmp')];
    mkdirSync(temporary);
    const models = layOutDamaged(modelsDir, wanted);
    const config = path.join(root, 'config.json');
    const gate = { minAgreementOfPrecision: FLOORS.precision, minAgreementOfCuts: FLOORS.cut };
    writeFileSync(config, JSON.stringify({ gate, autoFit: false }));
    const gateway = await GatewayProcess.start({
      ENTIER_CONFIG: config,
      ENTIER_MODELS_DIR: modelsDir,
      ENTIER_PROFILES_DIR: path.join(root, 'profiles'),
      ENTIER_ADMIN_KEY: ADMIN_KEY,
      ENTIER_WORKERS: '1',
      ENTIER_THREADS: '1',
      ENTIER_LOG_LEVEL: 'error',
      TMPDIR: temporary,
    });
    try {
      const tally = await new DamagedRun(gateway, modelsDir).bring(models);
      assert.deepEqual(readdirSync(temporary), [], 'files of builds are left');
      const { exitCode } = await gateway.stop();
      assert.equal(exitCode, 0, gateway.output());
      return tally;
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${gateway.output()}`, { cause: error });
    } finally {
      await gateway.stop('SIGKILL');
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

class DamagedRun {
  readonly #tally = { active: 0, gate_failed: 0, failed: 0, added: 0, refused: 0 };
  readonly #underWay = new Set<DamagedModel>();
  #over = false;

  constructor(
    private readonly gateway: GatewayProcess,
    private readonly modelsDir: string,
  ) {}

  async bring(models: readonly DamagedModel[]): Promise<DamagedTally> {
    const startedAt = await this.#metric('process_start_time_seconds');
    const builds = models.filter(({ way }) => way === 'build');
    const folders = models.filter(({ way }) => way === 'add');
    const watching = this.#watch(await this.#answersOfSound(TEXTS));
    // One builds while what the other one built is looked at; of folders the gateway takes one at a time.
    const lanes = [this.#lane(builds), this.#lane(builds), this.#lane(folders)];
    try {
      await Promise.race([Promise.all(lanes), watching]);
    } finally {
      this.#over = true;
    }
    await watching;

    assert.equal(await this.#metric('process_start_time_seconds'), startedAt, 'another process');
    assert.equal(await this.#metric('entier_worker_restarts_total'), undefined, 'a worker crashed');
    const active = await this.#metric('entier_variant_builds_total{result="active"}');
    assert.equal(active ?? 0, this.#tally.active, 'more became active than were looked at');
    // The spare worker of the last build may be on its way out.
    while (this.gateway.workerPids().length !== 1) await delay(POLL_EVERY_MS);
    return this.#tally;
  }

  async #lane(models: DamagedModel[]): Promise<void> {
    for (let next = models.shift(); next !== undefined && !this.#over; next = models.shift()) {
      this.#underWay.add(next);
      try {
        this.#tally[next.way === 'build' ? await this.#build(next) : await this.#add(next)] += 1;
      } catch (error) {
        throw this.#blamed(error, next);
      }
      this.#underWay.delete(next);
    }
  }

  async #build({ name: parent, recipe }: DamagedParent): Promise<Outcome> {
    const name = `child-of-${parent}`;
    const queued = await this.#ask('POST', '/admin/variants', { parent, recipe, name });
    assert.equal(queued.status, 202, await queued.clone().text());
    const { id } = (await queued.json()) as { id: string };
    const { state, error } = await this.#ended(id);
    switch (state) {
      case 'active': {
        const found = await this.#agreement(tinyCard.reference, name);
        const floor = defaultFloor(recipe, tinyCard, FLOORS);
        assert.ok(found >= floor, `it serves, but agrees with its parent by ${found} only`);
        const removed = await this.#ask('DELETE', `/admin/variants/${name}`);
        assert.equal(removed.status, 204, await removed.text());
        break;
      }
      case 'failed':
        assert.ok(FAILURES.includes(error!.code), JSON.stringify(error));
        break;
      default:
        assert.equal(state, 'gate_failed', JSON.stringify(error));
    }
    await this.#doesNotServe(name);
    return state;
  }

  async #add({ name, directory }: DamagedFolder): Promise<Outcome> {
    const answer = await this.#ask('POST', '/admin/models', { directory });
    if (answer.status === 201) {
      const card = readFileSync(path.join(this.modelsDir, name, 'card.json'), 'utf8');
      const { reference } = cardSchema.parse(JSON.parse(card));
      const found = await this.#agreement(reference.slice(0, ASKED_AGAIN), name);
      assert.ok(found >= FLOORS.precision, `it agrees with its own card by ${found} only`);
      const retired = await this.#ask('POST', `/admin/variants/${name}/retire`);
      assert.equal(retired.status, 204, await retired.text());
    } else {
      const problem = await answer.text();
      assert.equal(answer.status, 422, problem);
      assert.match(problem, /"pointer":"\/directory"/);
      assert.ok(!problem.includes(this.modelsDir), problem);
    }
    await this.#doesNotServe(name);
    return answer.status === 201 ? 'added' : 'refused';
  }

  /** Asks for health, a text of each sound variant in turn and one of any, until the run is over. */
  async #watch(expected: readonly (readonly string[])[]): Promise<void> {
    try {
      for (let round = 0; !this.#over; round = (round + 1) % TEXTS.length) {
        const ready = await this.#ask('GET', '/readyz');
        assert.equal(ready.status, 200, await ready.text());
        const [text, answers] = [TEXTS[round]!, expected[round]];
        assert.deepEqual(await this.#answersOfSound([text]), [answers]);
        await this.#spans(text);
        await delay(WATCH_EVERY_MS);
      }
    } catch (error) {
      throw this.#blamed(error);
    }
  }

  /** For each text what each of them answers. */
  async #answersOfSound(texts: readonly string[]): Promise<string[][]> {
    const answers: string[][] = [];
    for (const text of texts) {
      const row: string[] = [];
      for (const variant of SOUND) row.push((await this.#spans(text, variant)).join(', '));
      answers.push(row);
    }
    return answers;
  }

  /** Entity F1 of what is served now; one text at a time, as the gate asks. */
  async #agreement(reference: Reference, variant: string): Promise<number> {
    let [common, total] = [0, 0];
    for (const { text, entities } of reference) {
      const spans = await this.#spans(text, variant);
      const expected = new Set(entities.map(spanOf));
      common += spans.filter((span) => expected.has(span)).length;
      total += spans.length + expected.size;
    }
    return total === 0 ? 1 : (2 * common) / total;
  }

  async #spans(text: string, variant?: string): Promise<string[]> {
    const response = await this.#ner(text, variant);
    const body = await response.text();
    assert.equal(response.status, 200, `${variant ?? 'any'}: ${body}`);
    return (JSON.parse(body) as Reference[number]).entities.map(spanOf);
  }

  async #doesNotServe(name: string): Promise<void> {
    const response = await this.#ner('Ada met Alan in London.', name);
    assert.equal(response.status, 404, await response.text());
  }

  #ner(text: string, variant?: string): Promise<Response> {
    return this.#ask('POST', '/ner', { text, variant, latency_budget_ms: 60_000 });
  }

  async #ended(id: string): Promise<{ state: string; error: { code: string } | null }> {
    for (;;) {
      const response = await this.#ask('GET', `/admin/builds/${id}`);
      const view = (await response.json()) as { state: string; error: { code: string } | null };
      if (!['queued', 'building', 'gating', 'warming'].includes(view.state)) return view;
      await delay(POLL_EVERY_MS);
    }
  }

  async #metric(line: string): Promise<number | undefined> {
    const text = await (await this.#ask('GET', '/metrics')).text();
    const found = text.split('\n').find((row) => row.startsWith(line));
    return found === undefined ? undefined : Number(found.split(' ').at(-1));
  }

  #ask(method: string, route: string, body?: object): Promise<Response> {
    return fetch(this.gateway.url + route, {
      method,
      headers: {
        authorization: `Bearer ${ADMIN_KEY}`,
        'content-type': 'application/json',
        'cache-control': 'no-cache',
      },
      ...(body && { body: JSON.stringify(body) }),
    });
  }

  /** Says which models it may be: that one, or all that are under way. */
  #blamed(error: unknown, model?: DamagedModel): Error {
    const suspects = (model === undefined ? [...this.#underWay] : [model]).map(
      ({ way, seed, index }) => `seed ${seed}, index ${index} (${way})`,
    );
    const { message } = error as Error;
    return new Error(`damaged model of ${suspects.join('; ')}: ${message}`, { cause: error });
  }
}

function spanOf({ label, start, end }: Reference[number]['entities'][number]): string {
  return `${label} ${start} ${end}`;
}
