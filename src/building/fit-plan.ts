import type { Recipe } from '../compress/recipe.js';
import type { Card } from '../registry/card.js';
import { isWithin, predict, type MeasuredShape } from './fit-prediction.js';
import {
  axesOf,
  probeOf,
  recipeOfShape,
  shapesOf,
  type Axes,
  type Axis,
  type Shape,
} from './fit-shapes.js';

export interface Candidate {
  readonly shape: Shape;
  readonly precision: Recipe['precision'];
  readonly recipe: Recipe;
}

/** What a build of a candidate showed; undefined where it could not be built, or gave no usable answers. */
export type Finding = { readonly ms: number; readonly agreement: number } | undefined;

export interface FitGoal {
  readonly maxMs: number;
  readonly minAgreement: number;
}

interface Base {
  readonly candidate: Candidate;
  readonly finding: NonNullable<Finding>;
}

const WHOLE: Shape = { layers: undefined, ffn: 1, heads: 1 };
const AXES = ['layers', 'ffn', 'heads'] as const;

/**
 * Which recipe to build next, from those that were measured. First each precision uncut; then, of the fastest, one cut
 * of each axis; then the cuts that should agree most of those that should be fast enough. What a measured one rules
 * out is never built: cuts of one that agrees too little or that fits already, and what cuts less than one that is too
 * slow. Pure.
 */
export class FitPlan {
  readonly #goal: FitGoal;
  readonly #elastic: Card['elastic'];
  readonly #precisions: Recipe['precision'][];
  readonly #measured: { readonly candidate: Candidate; readonly finding: Finding }[] = [];
  #axes: Axes | undefined;

  constructor(
    goal: FitGoal,
    { elastic, precisions }: { elastic: Card['elastic']; precisions: Recipe['precision'][] },
  ) {
    this.#goal = goal;
    this.#elastic = elastic;
    this.#precisions = precisions;
  }

  /** `layerCount`: that the build kept. The first that is told is uncut, so that it is the parent's. */
  tell(candidate: Candidate, finding: Finding, layerCount: number | undefined): void {
    this.#measured.push({ candidate, finding });
    if (layerCount !== undefined) this.#axes ??= axesOf(this.#elastic, layerCount);
  }

  /** Undefined: there is nothing left that should be better than what was measured. */
  next(): Candidate | undefined {
    const uncut = this.#precisions
      .map((precision) => candidateOf(WHOLE, precision))
      .find(({ precision }) => this.#find(WHOLE, precision) === undefined);
    if (uncut !== undefined) return uncut;
    const base = this.#fastestUncut();
    if (base === undefined || this.#axes === undefined) return undefined;
    const { precision } = base.candidate;
    if (this.#bestAgreement() >= base.finding.agreement) return undefined;
    for (const axis of AXES) {
      const probe = probeOf(this.#axes, axis);
      if (probe !== undefined && this.#find(probe, precision) === undefined) {
        return candidateOf(probe, precision);
      }
    }
    return this.#mostPromising(base, this.#axes);
  }

  #mostPromising(
    { candidate: { precision }, finding: whole }: Base,
    axes: Axes,
  ): Candidate | undefined {
    const probes = this.#probes(axes, precision);
    const { layerCount } = axes;
    const open = shapesOf(axes)
      .filter((shape) => this.#isOpen(shape, precision, probes))
      .map((shape) => ({ shape, ...predict(shape, { whole, probes, layerCount }) }));
    const promising = open
      .filter(({ ms, agreement }) => ms <= this.#goal.maxMs && agreement > this.#bestAgreement())
      .sort((a, b) => b.agreement - a.agreement || b.ms - a.ms)[0];
    if (promising !== undefined) return candidateOf(promising.shape, precision);
    // Nothing should do: the fastest of all shows how far away the goal is.
    const fastest = open.sort((a, b) => a.ms - b.ms)[0];
    return fastest !== undefined && this.#nothingWasFastEnough()
      ? candidateOf(fastest.shape, precision)
      : undefined;
  }

  #isOpen(
    shape: Shape,
    precision: Recipe['precision'],
    probes: Partial<Record<Axis, MeasuredShape>>,
  ): boolean {
    if (this.#find(shape, precision) !== undefined) return false;
    // An axis whose probe could not be built is fixed.
    if (shape.layers !== undefined && probes.layers === undefined) return false;
    if (shape.ffn < 1 && probes.ffn === undefined) return false;
    if (shape.heads < 1 && probes.heads === undefined) return false;
    return this.#measured.every(({ candidate, finding }) => {
      if (finding === undefined || candidate.precision !== precision) return true;
      const isFast = finding.ms <= this.#goal.maxMs;
      const agrees = finding.agreement >= this.#goal.minAgreement;
      if (isWithin(shape, candidate.shape) && (!agrees || isFast)) return false;
      return isFast || !isWithin(candidate.shape, shape);
    });
  }

  #probes(axes: Axes, precision: Recipe['precision']): Partial<Record<Axis, MeasuredShape>> {
    return Object.fromEntries(
      AXES.flatMap((axis) => {
        const shape = probeOf(axes, axis);
        const finding = shape && this.#find(shape, precision)?.finding;
        return finding === undefined ? [] : [[axis, { shape, ...finding }]];
      }),
    );
  }

  /** Of those that agree: a cut of another agrees even less. */
  #fastestUncut(): Base | undefined {
    return this.#measured
      .flatMap(({ candidate, finding }) =>
        candidate.shape === WHOLE &&
        finding !== undefined &&
        finding.agreement >= this.#goal.minAgreement
          ? [{ candidate, finding }]
          : [],
      )
      .sort((a, b) => a.finding.ms - b.finding.ms)[0];
  }

  /** Of those that fit; -1 where none does. */
  #bestAgreement(): number {
    const { maxMs, minAgreement } = this.#goal;
    return this.#measured.reduce(
      (best, { finding }) =>
        finding !== undefined && finding.ms <= maxMs && finding.agreement >= minAgreement
          ? Math.max(best, finding.agreement)
          : best,
      -1,
    );
  }

  #nothingWasFastEnough(): boolean {
    return this.#measured.every(
      ({ finding }) => finding === undefined || finding.ms > this.#goal.maxMs,
    );
  }

  #find(
    shape: Shape,
    precision: Recipe['precision'],
  ): { readonly candidate: Candidate; readonly finding: Finding } | undefined {
    const wanted = JSON.stringify(recipeOfShape(shape, precision));
    return this.#measured.find(({ candidate }) => JSON.stringify(candidate.recipe) === wanted);
  }
}

function candidateOf(shape: Shape, precision: Recipe['precision']): Candidate {
  return { shape, precision, recipe: recipeOfShape(shape, precision) };
}
