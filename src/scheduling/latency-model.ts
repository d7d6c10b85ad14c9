import { runTimeMs } from './latency-profile.js';
import { ResidualWindow } from './residual-window.js';
import type { LatencyProfile, SchedulableVariant } from './task.js';

/** A variant with what this host has taught about it. */
export interface ModelledVariant {
  readonly name: string;
  readonly quality: number;
  readonly profile: LatencyProfile;
  readonly residuals: ResidualWindow;
}

export interface ObservedRun {
  readonly variant: string;
  readonly jobs: number;
  readonly length: number;
  readonly measuredMs: number;
}

/** Share of an error (in log ratio) that one batch corrects; a lasting change is followed in about 30 batches. */
const GAIN = 0.12;
/** An error counts at most as a factor e^0.5, so a single stall moves the slowdown by 6 %. */
const MAX_LOG_ERROR = 0.5;
const SLOWDOWN_RANGE = { min: 0.1, max: 20 };
/** Below 1.05 chance would decide; above 2 an all too careful model would refuse what it could serve. */
const P95_RANGE = { min: 1.05, max: 2 };
/** Without measurements for so long, the slowdown begins to be forgotten, with this half-life. */
const FORGET_AFTER_MS = 1000;
const FORGET_HALF_LIFE_MS = 1000;

/** Predicted run times: profile x one slowdown of the host, and a p95 factor per variant. */
export class LatencyModel {
  readonly #tracksSlowdown: boolean;
  #variants: readonly ModelledVariant[] = [];
  #byName = new Map<string, ModelledVariant>();
  #slowdown = 1;
  #forgottenUntil = 0;

  /** Without `tracksSlowdown` every host is as fast as when the profiles were fitted. */
  constructor({ tracksSlowdown = true } = {}) {
    this.#tracksSlowdown = tracksSlowdown;
  }

  /** Known variants keep their residuals as long as their profile stays the same. */
  setVariants(variants: readonly SchedulableVariant[]): void {
    const modelled = variants.map(({ name, quality, profile }): ModelledVariant => {
      const known = this.#byName.get(name);
      const same =
        known?.profile.a === profile.a &&
        known.profile.b === profile.b &&
        known.profile.c === profile.c;
      return { name, quality, profile, residuals: same ? known.residuals : new ResidualWindow() };
    });
    this.#variants = modelled.sort((one, other) => other.quality - one.quality);
    this.#byName = new Map(modelled.map((variant) => [variant.name, variant]));
  }

  /** Best quality first. */
  get variants(): readonly ModelledVariant[] {
    return this.#variants;
  }

  get slowdown(): number {
    return this.#slowdown;
  }

  find(name: string): ModelledVariant | undefined {
    return this.#byName.get(name);
  }

  predictMs(variant: ModelledVariant, jobs: number, length: number): number {
    return runTimeMs(variant.profile, jobs, length) * this.#slowdown;
  }

  predictP95Ms(variant: ModelledVariant, jobs: number, length: number): number {
    return this.predictMs(variant, jobs, length) * this.p95Factor(variant);
  }

  p95Factor(variant: ModelledVariant): number {
    return Math.min(P95_RANGE.max, Math.max(P95_RANGE.min, variant.residuals.p95));
  }

  /** Learns from a run that ended at `now`; a variant that is gone teaches nothing. */
  observe(run: ObservedRun, now: number): void {
    const variant = this.#byName.get(run.variant);
    if (variant === undefined || !(run.measuredMs > 0)) return;
    const ratio = run.measuredMs / this.predictMs(variant, run.jobs, run.length);
    if (!Number.isFinite(ratio)) return;
    variant.residuals.add(ratio);
    const error = Math.max(-MAX_LOG_ERROR, Math.min(MAX_LOG_ERROR, Math.log(ratio)));
    this.#setSlowdown(this.#slowdown * Math.exp(GAIN * error));
    this.#forgottenUntil = now + FORGET_AFTER_MS;
  }

  /**
   * Lets an old slowdown fade towards 1. Without it a host that once was slow would refuse every tight budget, run
   * nothing, and so never learn that it is fast again.
   */
  forget(now: number): void {
    const silentMs = now - this.#forgottenUntil;
    if (silentMs <= 0) return;
    this.#forgottenUntil = now;
    const kept = 0.5 ** (silentMs / FORGET_HALF_LIFE_MS);
    this.#setSlowdown(this.#slowdown ** kept);
  }

  #setSlowdown(value: number): void {
    if (!this.#tracksSlowdown) return;
    this.#slowdown = Math.min(SLOWDOWN_RANGE.max, Math.max(SLOWDOWN_RANGE.min, value));
  }
}
