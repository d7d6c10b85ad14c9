import { runTimeMs } from './latency-profile.js';
import { ResidualWindow } from './residual-window.js';
import type { LatencyProfile, SchedulableVariant } from './task.js';

/** A variant with what this host has taught about it. */
export interface ModelledVariant {
  readonly name: string;
  readonly quality: number;
  /** What a run takes of a worker, before the slowdown: as fitted, and the dispatch of late. */
  readonly profile: LatencyProfile;
  readonly residuals: ResidualWindow;
}

interface TaughtVariant extends ModelledVariant {
  readonly fitted: LatencyProfile;
  readonly profile: { a: number; b: number; c: number };
}

export interface ObservedRun {
  readonly variant: string;
  readonly jobs: number;
  readonly length: number;
  /** Without its dispatch. */
  readonly measuredMs: number;
}

/** Share of an error (in log ratio) that one batch corrects; a lasting change is followed in about 30 batches. */
const GAIN = 0.12;
/** An error counts at most as a factor e^0.5, so a single stall moves the slowdown by 6 %. */
const MAX_LOG_ERROR = 0.5;
/** A dispatch counts at most as so many ms over the usual one. */
const MAX_EXTRA_DISPATCH_MS = 2;
const SLOWDOWN_RANGE = { min: 0.1, max: 20 };
/** Below 1.05 chance would decide; above 2 an all too careful model would refuse what it could serve. */
const P95_RANGE = { min: 1.05, max: 2 };
/** Without measurements for so long, the slowdown begins to be forgotten, with this half-life. */
const FORGET_AFTER_MS = 1000;
const FORGET_HALF_LIFE_MS = 1000;

/**
 * Predicted run times: profile x one slowdown of the host, a p95 factor per variant, and the dispatch: what every run takes
 * beside itself, however long it is, on its way to a worker and back.
 */
export class LatencyModel {
  readonly #tracksSlowdown: boolean;
  #variants: readonly TaughtVariant[] = [];
  #byName = new Map<string, TaughtVariant>();
  #slowdown = 1;
  #dispatchMs = 0;
  #forgottenUntil = 0;

  /** Without `tracksSlowdown` every host is as fast as when the profiles were fitted. */
  constructor({ tracksSlowdown = true } = {}) {
    this.#tracksSlowdown = tracksSlowdown;
  }

  /** Known variants keep their residuals as long as their profile stays the same. */
  setVariants(variants: readonly SchedulableVariant[]): void {
    const modelled = variants.map(({ name, quality, profile }): TaughtVariant => {
      const known = this.#byName.get(name);
      const same =
        known?.fitted.a === profile.a &&
        known.fitted.b === profile.b &&
        known.fitted.c === profile.c;
      const residuals = same ? known.residuals : new ResidualWindow();
      return { name, quality, fitted: profile, profile: { ...profile }, residuals };
    });
    this.#variants = modelled.sort((one, other) => other.quality - one.quality);
    this.#byName = new Map(modelled.map((variant) => [variant.name, variant]));
    this.#applyDispatch();
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

  /** Learns from a run that ended at `now`; one of a variant that is gone teaches nothing. */
  observe(run: ObservedRun, now: number): void {
    const variant = this.#byName.get(run.variant);
    if (variant === undefined || !(run.measuredMs > 0)) return;
    const predictedMs = runTimeMs(variant.fitted, run.jobs, run.length) * this.#slowdown;
    const ratio = run.measuredMs / predictedMs;
    if (!Number.isFinite(ratio)) return;
    variant.residuals.add(ratio);
    const error = Math.max(-MAX_LOG_ERROR, Math.min(MAX_LOG_ERROR, Math.log(ratio)));
    this.#setSlowdown(this.#slowdown * Math.exp(GAIN * error));
    this.#forgottenUntil = now + FORGET_AFTER_MS;
  }

  /** Learns what a run took beside itself; ms. */
  observeDispatch(ms: number): void {
    if (!(ms >= 0)) return;
    const extraMs = Math.min(ms - this.#dispatchMs, MAX_EXTRA_DISPATCH_MS);
    this.#dispatchMs += GAIN * extraMs;
    this.#applyDispatch();
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
    this.#dispatchMs *= kept;
    this.#setSlowdown(this.#slowdown ** kept);
  }

  #setSlowdown(value: number): void {
    if (this.#tracksSlowdown) {
      this.#slowdown = Math.min(SLOWDOWN_RANGE.max, Math.max(SLOWDOWN_RANGE.min, value));
    }
    this.#applyDispatch();
  }

  /** Into the profiles, since all that is planned is planned by them; a slow host's dispatch is slow as measured. */
  #applyDispatch(): void {
    for (const { fitted, profile } of this.#variants) {
      profile.a = fitted.a + this.#dispatchMs / this.#slowdown;
    }
  }
}
