import type { CorpusSentence } from '../corpus/corpus.js';
import { withProgress, type Step } from '../progress.js';
import { rotatedOrder } from '../rotation.js';
import { askTexts, type TextsPass } from './ask-texts.js';
import { withGateways, type CascadeGateway, type CascadeGateways } from './cascade-gateways.js';
import {
  figuresOfPass,
  frontierOf,
  isCascade,
  type CascadePass,
  type Way,
} from './cascade-pass.js';
import { chooseThresholds } from './choose-thresholds.js';
import type { VariantPair } from './variant-pairs.js';

interface MeasureOptions {
  modelsDir: string;
  /** Measured alone, in this order. */
  singles: readonly string[];
  pairs: readonly VariantPair[];
  /** Whether pairs go whose second variant another one beats at no more processor time. */
  prunesPairs: boolean;
  /** Per cent; undefined: chosen for each pair, so many. */
  thresholds: readonly number[] | undefined;
  thresholdCount: number;
  rounds: number;
  connections: number;
  validation: readonly CorpusSentence[];
  test: readonly CorpusSentence[] | undefined;
}

export interface MeasuredCascades {
  rounds: CascadePass[][];
  /** One pass a way over the test split. */
  test: CascadePass[] | undefined;
}

/** A way with all it takes to ask for it. */
interface Plan {
  way: Way;
  gateway: CascadeGateway;
  fields: object;
}

/** For the time left only. */
const GUESSED_MS_A_TEXT = 4;

/**
 * Measures variants alone and cascades of pairs in rounds, every way over all texts in each, beginning one way further
 * in every round. A pass before them, which is not counted, is what pairs and thresholds are chosen by.
 */
export async function measureCascades(options: MeasureOptions): Promise<MeasuredCascades> {
  const { modelsDir, singles, pairs, validation, test, rounds } = options;
  const stepOf = (label: string, sentences: readonly CorpusSentence[]): Step => ({
    label,
    seconds: (sentences.length * GUESSED_MS_A_TEXT) / 1000,
  });
  return withProgress({ steps: [{ label: 'starting gateways', seconds: 10 }] }, (next) => {
    next();
    return withGateways({ modelsDir, singles, pairs }, async (gateways) => {
      const passOver = async (
        { way, gateway, fields }: Plan,
        sentences: readonly CorpusSentence[],
        round: string,
      ): Promise<TextsPass> => {
        next(stepOf(`${round}, ${labelOf(way)}`, sentences));
        return askTexts({ ...gateway, sentences, connections: options.connections, fields });
      };
      const pilot = (plan: Plan) => passOver(plan, validation, 'choosing');
      const plans = await choosePlans(options, gateways, pilot);
      const measured: CascadePass[][] = [];
      const measure = async (
        order: readonly Plan[],
        sentences: readonly CorpusSentence[],
        round: string,
      ): Promise<CascadePass[]> => {
        const passes: CascadePass[] = [];
        for (const plan of order) {
          passes.push(figuresOfPass(plan.way, await passOver(plan, sentences, round)));
        }
        return passes;
      };
      for (let round = 0; round < rounds; round++) {
        const order = rotatedOrder(plans, round);
        measured.push(await measure(order, validation, `round ${round + 1} of ${rounds}`));
      }
      return { rounds: measured, test: test && (await measure(plans, test, 'test split')) };
    });
  });
}

async function choosePlans(
  { singles, pairs, prunesPairs, thresholds, thresholdCount }: MeasureOptions,
  gateways: CascadeGateways,
  pilot: (plan: Plan) => Promise<TextsPass>,
): Promise<Plan[]> {
  const alone = singles.map((name): Plan => ({
    way: { name, thresholdPercent: undefined },
    gateway: gateways.singles,
    fields: { variant: name },
  }));
  if (thresholds !== undefined && !prunesPairs) {
    return [
      ...alone,
      ...pairs.flatMap((pair, at) => plansOf(pair, gateways.pairs[at]!, thresholds)),
    ];
  }
  const answers = new Map<string, TextsPass>();
  for (const plan of alone) answers.set(plan.way.name, await pilot(plan));
  const figures = alone.map(({ way }) => figuresOfPass(way, answers.get(way.name)!));
  const frontier = frontierOf(figures).map(({ name }) => name);
  const plans = [...alone];
  for (const [at, pair] of pairs.entries()) {
    if (prunesPairs && !frontier.includes(pair.second.name)) continue;
    const gateway = gateways.pairs[at]!;
    // Content with any answer, so that only the first variant runs.
    const content = plansOf(pair, gateway, [100])[0]!;
    const first = await pilot(content);
    if (prunesPairs && !isCascade(first)) {
      console.error(`left out: ${content.way.name} is no cascade by the profiles of this host`);
      continue;
    }
    figuresOfPass(content.way, first);
    const second = answers.get(pair.second.name)!;
    const chosen = chooseThresholds({ first, second, singles: figures }, thresholdCount);
    plans.push(...plansOf(pair, gateway, thresholds ?? chosen));
  }
  return plans;
}

function plansOf(
  { first, second }: VariantPair,
  gateway: CascadeGateway,
  thresholds: readonly number[],
): Plan[] {
  return thresholds.map((percent) => ({
    way: { name: `${first.name} > ${second.name}`, thresholdPercent: percent },
    gateway,
    fields: { policy: 'cascade', max_error_probability: percent / 100 },
  }));
}

function labelOf({ name, thresholdPercent }: Way): string {
  return thresholdPercent === undefined ? name : `${name} at ${thresholdPercent} %`;
}
