import type { resultFlags } from '../common-flags.js';
import type { FlagSpec, FlagValues } from '../flags.js';
import type { simulationFlags } from '../simulation-flags.js';

export const liveFlags = {
  live: {
    kind: 'switch',
    help: 'Not in virtual time: gateways with models on this host, one for each policy; see above.',
  },
  'live-scales': {
    kind: 'numbers',
    default: [0.35, 1, 2],
    min: 0.001,
    max: 100,
    fractions: true,
    help: "Live: mean rates over a window, in multiples of the fastest variant's capacity.",
  },
  'live-seconds': {
    kind: 'number',
    default: 60,
    min: 1,
    max: 3600,
    help: 'Live: the length of the window that is taken from each trace.',
  },
  'live-from': {
    kind: 'number',
    default: undefined,
    min: 0,
    max: 1e9,
    help: "Live: the traces' second to begin with; default: so that the busiest second is in the middle.",
  },
  'live-warmup': {
    kind: 'number',
    default: 2,
    min: 0,
    max: 60,
    help: 'Live: seconds before each window, at its first rate, not counted.',
  },
  'live-nice': {
    kind: 'number',
    default: 0,
    min: 0,
    max: 19,
    help: 'Live: how much nicer gateways are than the load generator, which shares the host; above 0 it goes first.',
  },
  'live-policies': {
    kind: 'texts',
    default: ['entier', 'fixed', 'round-robin', 'cheapest-that-fits', 'aimd'],
    help: 'Live: what is compared; fixed is all variants, fixed:VARIANT one; aimd has the best fixed one, aimd:VARIANT that one.',
  },
  'live-data': {
    kind: 'text',
    default: undefined,
    help: "Live: a CoNLL-2003 column file whose sentences are sent; default: the project's own sentences.",
  },
} as const satisfies FlagSpec;

/** What `policies` takes, as far as it counts here. */
export type LiveFlags = FlagValues<typeof liveFlags> &
  FlagValues<typeof resultFlags> &
  Pick<FlagValues<typeof simulationFlags>, 'models' | 'budgets' | 'on-miss'> & {
    trace: string[];
    seed: number;
  };

/** What --live does; behind --help. */
export const liveNotes = `With --live nothing is simulated. The fastest variant, pinned, is asked in a closed loop: what it answers per second is the
capacity that scales are multiples of. Then a gateway is started for every policy at every scale of every trace, one after
the other, with all its workers and models, and is sent the same requests at the same instants as the others (--budgets,
--on-miss, --seed, --trace, --models and --out are used as above; the other flags are for virtual time). All policies have
our queue and admission, and but for "aimd" our batches.
Effective F1 is measured: the entities of the answers against the labels of the sentences, where a late, refused or failed
request counts as an empty answer. "by cards" is the simulator's measure instead: the F1 of the card of the variant that
answered in time. "bound" is the most that this can be, for any schedule, on workers whose runs take as long as the profiles
of GET /variants say. A request is in time by the client's clock from its intended instant, and by the gateway's word. Where
the load generator sent late (a p99 over 5 ms) a policy's figures are left out of tables, comparisons and plot, and the
rest goes on; the JSON keeps them, marked. On a small host --live-nice helps: it also counts for the closed loop.`;
