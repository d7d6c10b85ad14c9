import { steadyProfile } from '../arrivals/rate-profile.js';
import { findCapacity, type FoundCapacity } from '../overload/find-capacity.js';
import {
  measureLoad,
  type MeasuredLoad,
  type MeasureOptions,
  type OverloadFigures,
} from '../overload/measure-load.js';
import type { OverloadFlags } from '../overload/overload-flags.js';
import type { Step } from '../progress.js';
import type { BuildsGateway } from './open-builds-gateway.js';

export interface ServeWindow {
  /** Builds that were begun while requests were sent, each of which served; the last one may end after them. */
  builds: number;
  load: MeasuredLoad;
}

/** Two windows at the same load, one of them while variants are made; which comes first changes. */
export interface ServePair {
  idle: ServeWindow;
  building: ServeWindow;
}

export interface ServeResult extends FoundCapacity {
  pairs: ServePair[];
}

export interface PairFigures {
  /** By the clock of the client from the intended instant, and by the word of the gateway. */
  metPercent: number;
  metByGatewayPercent: number;
  metIdlePercent: number;
  p99Ms: number;
  p99IdleMs: number;
  p99Ratio: number;
}

interface ServeOptions {
  gateway: { url: string; admin: Pick<BuildsGateway['admin'], 'build' | 'remove'> };
  flags: MeasureOptions['flags'] & Pick<OverloadFlags, 'connections' | 'sweep' | 'sweep-seconds'>;
  corpus: MeasureOptions['corpus'];
  seed: number;
  pairs: number;
  /** Of each window, without its warm-up. */
  seconds: number;
  parent: string;
  recipe: object;
  maxSendLagP99Ms: number | undefined;
  next: (unplanned?: Step) => void;
}

type SweepFlags = Pick<OverloadFlags, 'sweep' | 'sweep-seconds' | 'warmup'>;

/** Of the capacity. */
export const servePercent = 50;

/** What the part does, for the progress bar. */
export function serveSteps(flags: SweepFlags, pairs: number, seconds: number): Step[] {
  const windows = Array.from({ length: pairs }, (_, pair) => [pairStep(pair), pairStep(pair)]);
  return [
    { label: 'capacity', seconds: (1 + flags.sweep.length) * sweepSeconds(flags) },
    ...windows.flat().map((label) => ({ label, seconds: flags.warmup + seconds })),
  ];
}

/** Finds the capacity, then serves half of it in pairs of windows; without pairs where the capacity is not known. */
export async function serveWhileBuilding(options: ServeOptions): Promise<ServeResult> {
  const { gateway, flags, corpus, maxSendLagP99Ms, next } = options;
  let seed = options.seed;
  const target = { url: gateway.url, corpus, flags, maxSendLagP99Ms };
  next();
  const found = await findCapacity(target, {
    measure: (load) => measureLoad(load, { ...target, seed: seed++ }),
    beforeRate: (percent, planned) => {
      if (!planned) next({ label: `capacity, ${percent} %`, seconds: sweepSeconds(flags) });
    },
  });
  const pairs: ServePair[] = [];
  if (found.capacity === undefined) return { ...found, pairs };
  const profile = steadyProfile((servePercent / 100) * found.capacity.perSecond, options.seconds);
  for (let pair = 0; pair < options.pairs; pair++) {
    // Both windows of a pair have the same requests at the same instants.
    const ofPair = seed++;
    const send = (name: string) =>
      measureLoad({ name, profile, cv2: 1, retries: 0 }, { ...target, seed: ofPair });
    const windows: Partial<ServePair> = {};
    for (const what of pair % 2 === 0
      ? (['idle', 'building'] as const)
      : (['building', 'idle'] as const)) {
      next();
      windows[what] =
        what === 'idle'
          ? { builds: 0, load: await send(`pair ${pair + 1}, without builds`) }
          : await whileBuilding(options, () => send(`pair ${pair + 1}, with builds`));
    }
    pairs.push(windows as ServePair);
  }
  return { ...found, pairs };
}

/** Builds and removes the variant again and again until the load has ended; resolves when the last one is gone too. */
async function whileBuilding(
  { gateway: { admin }, parent, recipe }: ServeOptions,
  send: () => Promise<MeasuredLoad>,
): Promise<ServeWindow> {
  let sending = true;
  let builds = 0;
  const build = async (): Promise<void> => {
    while (sending) {
      await admin.build({ parent, recipe, name: 'built-under-load' });
      builds++;
      await admin.remove('built-under-load');
    }
  };
  const sent = send().finally(() => (sending = false));
  const [load] = await Promise.all([sent, build()]);
  return { builds, load };
}

/** Undefined where one of the windows was sent late. */
export function figuresOfPair({ idle, building }: ServePair): PairFigures | undefined {
  const [without, during] = [idle.load.figures, building.load.figures];
  if (without === undefined || during === undefined) return undefined;
  const p99 = ({ all }: OverloadFigures): number => all.latencyMs.p99;
  return {
    metPercent: during.all.inTimePercent,
    metByGatewayPercent: during.all.metByGatewayPercent,
    metIdlePercent: without.all.inTimePercent,
    p99Ms: p99(during),
    p99IdleMs: p99(without),
    p99Ratio: p99(during) / p99(without),
  };
}

/** Loads whose requests left too late to be the load that they claim to be. */
export function sentLateOf({ sweep, pairs }: ServeResult): string[] {
  const loads = [...sweep, ...pairs.flatMap(({ idle, building }) => [idle.load, building.load])];
  return loads.filter(({ sentLate }) => sentLate).map(({ name }) => name);
}

function sweepSeconds(flags: SweepFlags): number {
  return flags.warmup + flags['sweep-seconds'];
}

function pairStep(pair: number): string {
  return `pair ${pair + 1} of windows without and with builds`;
}
