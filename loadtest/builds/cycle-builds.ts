import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { postJson } from '../get-json.js';
import { treeUsage } from '../process-tree.js';
import type { BuildsGateway } from './open-builds-gateway.js';

/** What a gateway holds when nothing is under way. */
export interface Holdings {
  /** Of all its processes, added up. */
  rssMiB: number;
  processes: number;
  temporaryFiles: number;
}

export interface CycleRun {
  before: Holdings;
  /** After each cycle. */
  cycles: Holdings[];
}

export interface CycleFigures {
  afterWarmUpMiB: number;
  lastMiB: number;
  /** The second over the first. */
  memoryRatio: number;
  /** More than there were before the first cycle. */
  processesLeft: number;
  filesLeft: number;
}

interface CycleOptions {
  parent: string;
  recipe: object;
  cycles: number;
  /** Called before each. */
  next: () => void;
}

const TEXT = 'Angela Merkel visited the BBC in London.';
/** Processes that were told to end may take so long, ms; what is there later is left. */
const SETTLE_MS = 10_000;
const POLL_MS = 50;

/** Builds a variant, has it answer, retires and removes it, again and again; throws where another variant answers for it. */
export async function cycleBuilds(
  gateway: BuildsGateway,
  { parent, recipe, cycles, next }: CycleOptions,
): Promise<CycleRun> {
  const { admin, url } = gateway;
  const before = holdingsOf(gateway);
  const after: Holdings[] = [];
  for (let number = 1; number <= cycles; number++) {
    next();
    const name = `cycle-${number}`;
    await admin.build({ parent, recipe, name });
    const { variant } = await postJson<{ variant: string }>(`${url}/ner`, {
      text: TEXT,
      variant: name,
    });
    if (variant !== name) throw new Error(`${name} was asked and ${variant} answered`);
    await admin.retire(name);
    await admin.remove(name);
    after.push(await settledHoldings(gateway, before));
  }
  return { before, cycles: after };
}

/** Judged by the last cycle against the one that ends the warm-up; throws where there are not more cycles than that. */
export function cycleFiguresOf({ before, cycles }: CycleRun, warmUp: number): CycleFigures {
  const first = cycles[warmUp - 1];
  const last = cycles.at(-1);
  if (first === undefined || last === undefined || cycles.length <= warmUp) {
    throw new Error(`${cycles.length} cycles are not more than ${warmUp} that warm up`);
  }
  return {
    afterWarmUpMiB: first.rssMiB,
    lastMiB: last.rssMiB,
    memoryRatio: last.rssMiB / first.rssMiB,
    processesLeft: last.processes - before.processes,
    filesLeft: last.temporaryFiles - before.temporaryFiles,
  };
}

function holdingsOf({ pid, temporaryFolder }: BuildsGateway): Holdings {
  const { rssMiB, processes } = treeUsage(pid);
  return { rssMiB, processes, temporaryFiles: readdirSync(temporaryFolder).length };
}

/** As soon as there are no more processes and files than before, or when they had time enough to go. */
async function settledHoldings(gateway: BuildsGateway, before: Holdings): Promise<Holdings> {
  const giveUpAt = performance.now() + SETTLE_MS;
  for (;;) {
    const now = holdingsOf(gateway);
    const isSettled =
      now.processes <= before.processes && now.temporaryFiles <= before.temporaryFiles;
    if (isSettled || performance.now() > giveUpAt) return now;
    await delay(POLL_MS);
  }
}
