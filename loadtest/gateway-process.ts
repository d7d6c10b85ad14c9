import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { UsageError } from './flags.js';
import { getJson } from './get-json.js';
import { startServer, type ServerProcess } from './server-process.js';

interface GatewayOptions {
  /** A running gateway to use instead of starting one. */
  url?: string | undefined;
  /** The variant of --variant, which has to be among the active ones. */
  pinned?: string | undefined;
  /** Of the one that is started. */
  configPath?: string;
  modelsDir?: string;
  /** Of each worker; its own default where this is left out. */
  threads?: number;
  /** What is started instead of the gateway's own entry, with its arguments. */
  script?: readonly string[];
  /** See `startServer`. */
  niceness?: number;
  /** Of its environment beside ours: what has no option of its own. */
  env?: Readonly<Record<string, string>>;
}

export interface Gateway {
  url: string;
  variants: string[];
  /** Undefined for a gateway that was not started here. */
  process: ServerProcess | undefined;
  stop(): Promise<void>;
}

interface VariantsBody {
  variants: { name: string; state: string }[];
}

// What users run, else the gateway that was compiled together with this file.
const entries = ['dist/main.js', fileURLToPath(new URL('../src/main.js', import.meta.url))];
const loadTimeoutMs = 120_000;

/** Starts our gateway, or takes the one at `url`, and waits until no variant is loading any more; throws UsageError for a wrong pin. */
export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const { url, configPath, modelsDir, threads, niceness } = options;
  if (url !== undefined) {
    const base = url.replace(/\/+$/, '');
    const variants = await servedVariants(base, options.pinned);
    return { url: base, variants, process: undefined, stop: noStop };
  }
  const script = options.script ?? ownEntry();
  const server = await startServer({
    name: 'the gateway',
    script: () => script,
    env: (port) => ({
      HOST: '127.0.0.1',
      PORT: `${port}`,
      ENTIER_LOG_LEVEL: 'warn',
      ...(configPath === undefined ? {} : { ENTIER_CONFIG: configPath }),
      ...(modelsDir === undefined ? {} : { ENTIER_MODELS_DIR: modelsDir }),
      ...(threads === undefined ? {} : { ENTIER_THREADS: `${threads}` }),
      ...options.env,
    }),
    readyPath: '/readyz',
    ...(niceness === undefined ? {} : { niceness }),
  });
  try {
    const variants = await servedVariants(server.url, options.pinned);
    return { url: server.url, variants, process: server, stop: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

function ownEntry(): string[] {
  const entry = entries.find((path) => existsSync(path));
  if (entry === undefined) throw new Error('dist/main.js does not exist: npm run build');
  return [entry];
}

async function servedVariants(url: string, pinned: string | undefined): Promise<string[]> {
  const variants = await loadedVariants(url);
  if (pinned !== undefined && !variants.includes(pinned)) {
    throw new UsageError(`--variant takes ${variants.join(' or ')}, not "${pinned}"`);
  }
  return variants;
}

/** The active variants, once all have loaded or failed: while some load, the processor is not ours. */
async function loadedVariants(url: string): Promise<string[]> {
  const giveUpAt = Date.now() + loadTimeoutMs;
  for (;;) {
    const { variants } = await getJson<VariantsBody>(`${url}/variants`);
    if (!variants.some(({ state }) => state === 'loading')) {
      return variants.filter(({ state }) => state === 'active').map(({ name }) => name);
    }
    if (Date.now() > giveUpAt) throw new Error('variants are still loading after two minutes');
    await delay(100);
  }
}

async function noStop(): Promise<void> {
  // It was running before us and goes on.
}
