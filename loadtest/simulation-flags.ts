import type { SchedulableVariant } from '../src/scheduling/task.js';
import { loadCorpus } from './corpus/corpus.js';
import { UsageError, type FlagSpec, type FlagValues } from './flags.js';
import { openGateway } from './gateway-process.js';
import { getJson } from './get-json.js';
import { frontOfFour } from './simulation/front.js';
import { measuredResiduals, syntheticResiduals, type Residuals } from './simulation/residuals.js';
import { textShapes, type TextShape } from './simulation/text-shapes.js';
import type { VirtualHost } from './simulation/virtual-host.js';

/** What the commands take that run on virtual time. */
export const simulationFlags = {
  workers: { kind: 'number', default: 2, min: 1, max: 256, help: 'Workers of a virtual host.' },
  cards: {
    kind: 'switch',
    help: "The variants in models/ with this host's profiles, as a gateway here has them, instead of a front of four.",
  },
  models: { kind: 'text', default: 'models', help: 'The folder of variants and tokenizer.' },
  'overhead-us': {
    kind: 'number',
    default: 250,
    min: 0,
    max: 100_000,
    help: 'Microseconds that a run takes beside its profile; `residuals` tells those of this host.',
  },
  residuals: {
    kind: 'text',
    default: undefined,
    help: 'A file of `npm run loadtest -- residuals`: run times vary as measured; default: an assumed log-normal spread.',
  },
  sigma: {
    kind: 'number',
    default: 0.1,
    min: 0,
    max: 1,
    fractions: true,
    help: 'Of the assumed spread: 0.1 has 90 % of the runs within 0.85 to 1.18 of the prediction.',
  },
  budgets: {
    kind: 'numbers',
    default: [5, 10, 20, 50],
    min: 1,
    max: 600_000,
    help: 'Latency budgets in ms, one drawn per request.',
  },
  'on-miss': {
    kind: 'choice',
    options: ['reject', 'degrade'],
    default: 'reject',
    help: 'What requests want that cannot be answered in time; late answers count nothing.',
  },
} as const satisfies FlagSpec;

export interface SimulatedWorld {
  readonly host: VirtualHost;
  readonly texts: readonly TextShape[];
  readonly residuals: Residuals;
  /** In one line, for the reader of a result. */
  readonly assumptions: string;
}

/** Reads what the flags name; starts a gateway for a moment where its profiles are wanted. */
export async function openWorld(
  flags: FlagValues<typeof simulationFlags>,
): Promise<SimulatedWorld> {
  const residuals =
    flags.residuals === undefined
      ? syntheticResiduals(flags.sigma)
      : measuredResiduals(flags.residuals);
  const variants = flags.cards ? await variantsOfThisHost(flags.models) : frontOfFour;
  const overheadMs = flags['overhead-us'] / 1000;
  const texts = await textShapes(loadCorpus(), flags.models);
  const front = flags.cards ? `variants of ${flags.models} as profiled here` : 'the front of four';
  return {
    host: { variants, workers: flags.workers, overheadMs, onMiss: flags['on-miss'] },
    texts,
    residuals,
    assumptions: `virtual time; ${front}; ${flags.workers} workers; ${overheadMs} ms a run on top; residuals ${residuals.source}`,
  };
}

interface VariantsBody {
  variants: {
    name: string;
    state: string;
    quality: number | null;
    profile: SchedulableVariant['profile'] | null;
  }[];
}

/** As `GET /variants` shows them: profiles that an earlier start kept, else measured now. */
async function variantsOfThisHost(modelsDir: string): Promise<SchedulableVariant[]> {
  const gateway = await openGateway({ modelsDir });
  try {
    const usable = await profiledVariants(gateway.url);
    if (usable.length === 0) {
      throw new UsageError(`no variant of ${modelsDir} has both a quality and a profile`);
    }
    return usable;
  } finally {
    await gateway.stop();
  }
}

/** The variants of a gateway that have both a quality and a profile, best first. */
export async function profiledVariants(url: string): Promise<SchedulableVariant[]> {
  const { variants } = await getJson<VariantsBody>(`${url}/variants`);
  return variants
    .flatMap(({ name, quality, profile }) =>
      quality === null || profile === null ? [] : [{ name, quality, profile }],
    )
    .sort((one, other) => other.quality - one.quality);
}
