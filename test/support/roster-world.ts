import assert from 'node:assert/strict';
import { pino } from 'pino';
import { RequestsInFlight } from '../../src/gateway/requests-in-flight.js';
import { VariantRoster } from '../../src/gateway/variant-roster.js';
import { VariantUsage } from '../../src/gateway/variant-usage.js';
import { VariantRegistry } from '../../src/registry/variant-registry.js';
import { createMetrics } from '../../src/telemetry/metrics.js';
import { cardOf } from './cards.js';
import type { ExperimentView } from '../../src/experiments/experiments.js';
import type { Card } from '../../src/registry/card.js';
import type { LoadVariant } from '../../src/runtime/protocol.js';

const PROFILE = { a: 1, b: 0, c: 0 };

/** What may be asked of a roster. */
export type RosterStep =
  | { kind: 'make'; name: string; fails: boolean; big: boolean }
  | { kind: 'activate' | 'retire' | 'pin'; name: string };

/** A roster over workers that only keep count: bytes of memory are those of the files. */
export class RosterWorld {
  readonly registry = new VariantRegistry();
  readonly inFlight = new RequestsInFlight();
  readonly usage = new VariantUsage(() => this.now);
  /** What the workers hold. */
  readonly held = new Map<string, number>();
  readonly roster: VariantRoster;
  experiments: ExperimentView[] = [];
  scheduled: readonly string[] = [];
  now = 0;
  readonly #failing = new Set<string>();
  readonly #maxWarmBytes: number;

  constructor({ maxWarmBytes = Infinity }: { maxWarmBytes?: number } = {}) {
    this.#maxWarmBytes = maxWarmBytes;
    this.roster = new VariantRoster({
      registry: this.registry,
      pool: {
        load: (variant) => this.#load(variant),
        unload: async (name) => {
          await new Promise(setImmediate);
          assert.ok(!this.scheduled.includes(name), `${name} is unloaded and still scheduled`);
          this.held.delete(name);
        },
        providerOf: (name) => (this.held.has(name) ? 'cpu' : undefined),
        readyCount: 1,
        memory: () => {
          const residentBytes = [...this.held.values()].reduce((sum, bytes) => sum + bytes, 50);
          return { residentBytes, emptyBytes: 50 };
        },
      },
      scheduler: {
        setVariants: (variants) => {
          this.scheduled = variants.map(({ name }) => name);
          for (const name of this.scheduled) {
            assert.ok(this.held.has(name), `${name} is scheduled and not held`);
          }
        },
      },
      inFlight: this.inFlight,
      experiments: { view: () => this.experiments },
      usage: this.usage,
      maxWarmBytes,
      metrics: createMetrics({ ofProcess: false }),
      logger: pino({ level: 'silent' }),
      planOf: ({ name, card, modelPath }) => ({
        name,
        path: modelPath!,
        sha256: card!.sha256,
        labelCount: 9,
        padId: 0,
        providers: ['cpu'],
        threads: 1,
      }),
    });
    this.serve('full', 100);
  }

  /** As if it had been there from the start. */
  serve(name: string, sizeBytes: number, provenance: Card['provenance'] = {}): void {
    const card = { ...cardOf(name, 0.9), sizeBytes, provenance };
    this.registry.add(name, card, `${name}/model.onnx`);
    this.held.set(name, sizeBytes);
    this.registry.activate(name, { provider: 'cpu', profile: PROFILE });
    this.roster.publish();
  }

  async ask(step: RosterStep): Promise<void> {
    this.now += 1;
    switch (step.kind) {
      case 'make':
        await this.make(step.name, step);
        return;
      case 'pin':
        this.roster.isOnItsWay(step.name);
        return;
      case 'retire':
        await this.roster.retire(step.name);
        return;
      case 'activate': {
        const state = this.registry.get(step.name)?.state;
        if (state === 'warm') this.roster.activate(step.name);
        if (state === 'retired') await this.roster.bringBack(step.name);
      }
    }
  }

  /** As a build does it. */
  async make(name: string, { fails = false, big = false } = {}): Promise<void> {
    if (this.registry.get(name) !== undefined) return;
    this.registry.request(name);
    this.registry.build(name);
    const card = { ...cardOf(name, 0.8), sizeBytes: big ? 250 : 100 };
    this.registry.pass(name, { card, modelPath: `${name}/model.onnx` });
    if (fails) this.#failing.add(name);
    try {
      await this.roster.warm(name, { profile: PROFILE, serves: true });
    } catch (error) {
      this.registry.forget(name);
      throw error;
    } finally {
      this.#failing.delete(name);
    }
  }

  /** What holds at any time. */
  check(): void {
    assert.ok(this.registry.active().length > 0, 'none serves');
    const bytes = [...this.held.values()].reduce((sum, each) => sum + each, 0);
    assert.ok(bytes <= this.#maxWarmBytes, `the workers hold ${bytes}`);
    for (const { name } of this.registry.active()) assert.ok(this.held.has(name));
  }

  /** Until nothing that a pin began is under way. */
  async settled(): Promise<void> {
    while (this.registry.list().some(({ state }) => state === 'loading' || state === 'gated')) {
      await new Promise(setImmediate);
    }
  }

  async #load({ name }: LoadVariant): Promise<void> {
    await new Promise(setImmediate);
    if (this.#failing.has(name)) throw new Error('it cannot be loaded');
    this.held.set(name, this.registry.get(name)!.card!.sizeBytes);
  }
}

/** An experiment that takes requests, with one arm. */
export function experimentOn(variant: string): ExperimentView {
  const numbers = { requests: 0, budgets_met: 0, entities: {} };
  const latency_ms = { p50: null, p90: null, p99: null };
  const arm = { name: 'one', variant, weight: 1, ...numbers, latency_ms };
  return { name: 'trial', share: 0.5, arms: [arm] };
}
