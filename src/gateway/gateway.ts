import { errors, GatewayError } from '../errors.js';
import { entityType } from '../ner/label-scheme.js';
import { toUnit } from '../ner/offset-units.js';
import { RequestsInFlight } from './requests-in-flight.js';
import { planRouting, type RoutingPlan } from './routing-plan.js';
import type { Experiments, ExperimentView } from '../experiments/experiments.js';
import type { VariantEntry, VariantRegistry } from '../registry/variant-registry.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Families } from './families.js';
import type { NerEntity, NerOutcome, NerRequest, NerResult } from './ner-request.js';
import type { SettledLayout } from './settle-layout.js';
import type { TextAnswer } from './text-question.js';

/** Which execution provider was asked for, and which one it became. */
export interface ProviderChoice {
  readonly requested: 'auto' | 'cpu' | 'cuda';
  readonly active: 'cpu' | 'cuda';
  readonly detail: string | undefined;
}

export interface Readiness {
  readonly ready: boolean;
  readonly draining: boolean;
  readonly variants: readonly Pick<VariantEntry, 'name' | 'state' | 'detail'>[];
  readonly executionProvider: ProviderChoice;
  /** Undefined until it is settled. */
  readonly workerLayout: SettledLayout | undefined;
}

export interface GatewayOptions {
  readonly registry: VariantRegistry;
  readonly experiments: Experiments;
  readonly families: Pick<Families, 'of'>;
  readonly provider: () => ProviderChoice;
  readonly layout: () => SettledLayout | undefined;
  readonly metrics: Metrics;
  /** Whether a variant that does not serve will do so shortly, because it is asked for now. */
  readonly isOnItsWay?: (name: string) => boolean;
  /** A variant answered a text. */
  readonly onAnswer?: (variant: string) => void;
  readonly now: () => number;
}

/** When a caller who came too early or too late may try again. */
const RETRY_AFTER_MS = 1_000;
/** What loading a variant into all workers takes, about. */
const LOADING_RETRY_AFTER_MS = 2_000;

/** What happens to a request, in order. It knows no protocol. */
export class Gateway {
  readonly inFlight = new RequestsInFlight();
  readonly #options: GatewayOptions;
  #open = false;
  #draining = false;

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  /** Lets requests in; before that they are told that nothing is ready. */
  open(): void {
    this.#open = true;
  }

  /**
   * Answers every text of a request. Rejects where the request as a whole cannot be served (GatewayError), or with the
   * signal's reason when the caller is gone; a text that cannot be served is an error in its place.
   */
  async handle(request: NerRequest): Promise<NerOutcome[]> {
    const { registry, experiments } = this.#options;
    if (this.#draining) throw errors.draining(RETRY_AFTER_MS);
    if (!this.#isReady()) throw errors.notReady(RETRY_AFTER_MS);
    this.#checkPin(request);
    const plan = planRouting(
      request,
      { active: registry.active(), defaultFamily: registry.defaultFamily },
      experiments,
    );
    this.inFlight.add(plan);
    try {
      const outcomes = await Promise.all(
        request.texts.map((_, index) => this.#answer(index, request, plan)),
      );
      this.#record(request, plan, outcomes);
      return outcomes;
    } finally {
      this.inFlight.delete(plan);
    }
  }

  /** All variants of the manifest, those that serve and those that cannot. */
  variants(): readonly VariantEntry[] {
    return this.#options.registry.list();
  }

  experiments(): readonly ExperimentView[] {
    return this.#options.experiments.view();
  }

  readiness(): Readiness {
    const { registry, provider, layout } = this.#options;
    return {
      ready: this.#isReady() && !this.#draining,
      draining: this.#draining,
      variants: registry.list().map(({ name, state, detail }) => ({ name, state, detail })),
      executionProvider: provider(),
      workerLayout: layout(),
    };
  }

  /** Refuses new requests from now on; resolves when the accepted ones are answered. */
  async drain(): Promise<void> {
    this.#draining = true;
    await this.inFlight.whenNone();
  }

  #isReady(): boolean {
    return this.#open && this.#options.registry.active().length > 0;
  }

  #checkPin({ variant }: NerRequest): void {
    const { registry, isOnItsWay } = this.#options;
    if (variant === undefined || registry.get(variant)?.state === 'active') return;
    if (isOnItsWay?.(variant) === true) throw errors.variantLoading(LOADING_RETRY_AFTER_MS);
  }

  async #answer(index: number, request: NerRequest, plan: RoutingPlan): Promise<NerOutcome> {
    const { families, metrics, now, onAnswer } = this.#options;
    try {
      const { answerer } = families.of(plan.allowed[0]!);
      const answer = await answerer.answer(index, request, plan);
      onAnswer?.(answer.variant);
      const totalMs = now() - request.arrivalAt;
      const budgetMet = totalMs <= request.budgetMs;
      metrics.decisions.inc({ variant: answer.variant, reason: answer.decision });
      this.#countBudget(request, budgetMet ? 'met' : 'missed');
      if (answer.cascade !== undefined) metrics.cascades.inc({ outcome: answer.cascade.outcome });
      return {
        entities: entitiesOf(answer, request, { index, labels: this.#labelsOf(answer.variant) }),
        variant: answer.variant,
        decision: answer.decision,
        experiment: experimentOf(plan),
        budgetMet,
        truncated: answer.truncated,
        cached: answer.cached,
        timing: { ...answer.phases, totalMs },
        cascade: answer.cascade,
      };
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      this.#countBudget(request, isShed(error) ? 'shed' : 'missed');
      return error;
    }
  }

  #labelsOf(variant: string): readonly string[] {
    return this.#options.registry.get(variant)?.card?.labels ?? [];
  }

  #countBudget({ tier, criticality }: NerRequest, result: 'met' | 'missed' | 'shed'): void {
    const { budget, budgetByCriticality } = this.#options.metrics;
    budget.inc({ tier, result });
    budgetByCriticality.inc({ criticality, result });
  }

  #record(request: NerRequest, plan: RoutingPlan, outcomes: readonly NerOutcome[]): void {
    if (plan.assignment === null) return;
    const { experiments, metrics, now } = this.#options;
    const answers = outcomes.filter((outcome): outcome is NerResult => !(outcome instanceof Error));
    experiments.record(plan.assignment, {
      latencyMs: now() - request.arrivalAt,
      budgetMet: answers.length === outcomes.length && answers.every(({ budgetMet }) => budgetMet),
      entityLabels: answers.flatMap(({ entities }) => entities.map(({ label }) => label)),
    });
    const { experiment, arm } = plan.assignment;
    metrics.experimentRequests.inc({ experiment, arm });
  }
}

function experimentOf({ assignment }: RoutingPlan): NerResult['experiment'] {
  return assignment === null ? null : { name: assignment.experiment, arm: assignment.arm };
}

function isShed({ code }: GatewayError): boolean {
  return code === 'budget_unreachable' || code === 'overloaded';
}

/** The spans that the caller asked for, in the caller's offset unit. */
function entitiesOf(
  { spans }: TextAnswer,
  request: NerRequest,
  { index, labels: all }: { index: number; labels: readonly string[] },
): NerEntity[] {
  const { labels, threshold, offsetUnit, aggregation } = request;
  const text = request.texts[index]!;
  const type = (label: string): string => (aggregation === 'none' ? entityType(label, all) : label);
  const wanted = spans.filter(
    ({ label, score }) =>
      score >= threshold && (labels === undefined || labels.includes(type(label))),
  );
  const offsets = toUnit(text, wanted, offsetUnit);
  return wanted.map(({ label, start, end, score, token }, at) => ({
    label,
    text: text.slice(start, end),
    ...offsets[at]!,
    score,
    ...(token !== undefined && { token }),
  }));
}
