import { existsSync, readFileSync } from 'node:fs';
import { loadConfig } from '../../src/config.js';
import { hostFacts } from '../../src/registry/host-facts.js';
import { layOutWorkers } from '../../src/runtime/worker-layout.js';
import type { OnMiss } from '../../src/scheduling/task.js';
import type { CorpusSentence } from '../corpus/corpus.js';
import { getJson } from '../get-json.js';
import { profiledVariants } from '../simulation-flags.js';
import { textShapes, type TextShape } from '../simulation/text-shapes.js';
import type { VirtualHost } from '../simulation/virtual-host.js';

/** What is compared on: this host as a gateway on it sees it, and the sentences that are sent. */
export interface LiveHost {
  /** Profiles hold the way to the worker and back, so nothing comes on top of them. */
  readonly host: VirtualHost;
  readonly corpus: readonly CorpusSentence[];
  readonly shapes: readonly TextShape[];
}

interface HostOptions {
  readonly corpus: readonly CorpusSentence[];
  readonly modelsDir: string;
  readonly onMiss: OnMiss;
}

/** Asks a gateway that runs; workers are laid out as it does, by the same environment. */
export async function describeHost(
  url: string,
  { corpus, modelsDir, onMiss }: HostOptions,
): Promise<LiveHost> {
  const shapes = await textShapes(corpus, modelsDir);
  const variants = await profiledVariants(url);
  return {
    host: { variants, workers: await workersOf(url), overheadMs: 0, onMiss },
    corpus,
    shapes,
  };
}

async function workersOf(url: string): Promise<number> {
  const { execution_provider } = await getJson<{ execution_provider: { active: string } }>(
    `${url}/readyz`,
  );
  const config = loadConfig({
    env: process.env,
    readFile: (path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined),
  });
  const gpu = execution_provider.active === 'cuda';
  return layOutWorkers(config, { cores: hostFacts().cores, gpu }).workers;
}
