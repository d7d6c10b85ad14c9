/** Runs inside a worker process; the only file that imports onnxruntime-node. Never import it from the gateway. */

import './without-telemetry.js';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import { GatewayChannel } from './gateway-channel.js';
import { packBatch, unpackLogits } from './tensors.js';
import type {
  BatchInput,
  FromWorker,
  LoadFailure,
  LoadVariant,
  Provider,
  ToWorker,
} from './protocol.js';

interface LoadedVariant {
  readonly session: InferenceSession;
  readonly variant: LoadVariant;
}

const loaded = new Map<string, LoadedVariant>();
const channel = new GatewayChannel();

function send(message: FromWorker): void {
  channel.send(message);
}

function failed(name: string, failure: LoadFailure, detail: string): void {
  send({ type: 'variant_failed', name, failure, detail });
}

function sessionOptions(provider: Provider, threads: number): InferenceSession.SessionOptions {
  return {
    executionProviders: provider === 'cuda' ? ['cuda', 'cpu'] : ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    // Shapes change from batch to batch, so a memory pattern is never used twice.
    enableMemPattern: false,
    logSeverityLevel: 3,
    // Idle threads that spin take the cores from the other workers.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  };
}

async function createSession(
  bytes: Buffer,
  variant: LoadVariant,
): Promise<[InferenceSession, Provider]> {
  let lastError: unknown;
  for (const provider of variant.providers) {
    try {
      const session = await InferenceSession.create(
        bytes,
        sessionOptions(provider, variant.threads),
      );
      return [session, provider];
    } catch (error) {
      lastError = error;
    }
  }
  throw lastError;
}

async function load(variant: LoadVariant): Promise<void> {
  const { name } = variant;
  let bytes: Buffer;
  try {
    bytes = await readFile(variant.path);
  } catch (error) {
    failed(
      name,
      'missing',
      `its model file cannot be read (${(error as NodeJS.ErrnoException).code})`,
    );
    return;
  }
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (digest !== variant.sha256) {
    failed(
      name,
      'sha256_mismatch',
      'its model file is not the one that its card describes (sha256)',
    );
    return;
  }
  try {
    const [session, provider] = await createSession(bytes, variant);
    loaded.set(name, { session, variant });
    send({ type: 'variant_loaded', name, provider });
  } catch (error) {
    const onlyCuda = variant.providers.every((provider) => provider === 'cuda');
    failed(name, onlyCuda ? 'provider_unavailable' : 'invalid_model', (error as Error).message);
  }
}

/** Some exporters name the only output otherwise. */
function logitsName(names: readonly string[]): string {
  if (names.includes('logits')) return 'logits';
  if (names.length === 1) return names[0]!;
  throw new TypeError(`the model has no output "logits" among ${names.join(', ')}`);
}

async function infer(target: LoadedVariant, input: BatchInput): Promise<Float32Array> {
  const { session, variant } = target;
  const { dims, ids, mask, caseTypes } = packBatch(input, variant.padId);
  const feeds: Record<string, Tensor> = {
    input_ids: new Tensor('int64', ids, dims),
    attention_mask: new Tensor('int64', mask, dims),
  };
  if (session.inputNames.includes('token_type_ids')) {
    feeds.token_type_ids = new Tensor('int64', caseTypes, dims);
  }
  const name = logitsName(session.outputNames);
  const { [name]: logits } = await session.run(feeds, [name]);
  const { labelCount } = variant;
  if (logits?.type !== 'float32' || logits.size !== dims[0] * dims[1] * labelCount) {
    const shape = `${logits?.type ?? 'none'} [${logits?.dims.join(', ') ?? ''}]`;
    throw new TypeError(
      `its output "${name}" is ${shape}, not float32 [batch, length, labels] with ${labelCount} labels`,
    );
  }
  return unpackLogits(logits.data as Float32Array, input.lengths, variant.labelCount);
}

async function run({ id, input }: Extract<ToWorker, { type: 'run' }>): Promise<void> {
  const target = loaded.get(input.variant);
  if (target === undefined) {
    send({ type: 'run_failed', id, detail: `variant ${input.variant} is not loaded here` });
    return;
  }
  try {
    const startedAt = performance.now();
    const logits = await infer(target, input);
    send({ type: 'result', id, output: { logits, runMs: performance.now() - startedAt } });
  } catch (error) {
    send({ type: 'run_failed', id, detail: (error as Error).message });
  }
}

async function loadAll(variants: readonly LoadVariant[]): Promise<void> {
  for (const variant of variants) await load(variant);
  send({ type: 'loaded' });
}

/** One message after the other, until there is no gateway any more or it says so. */
async function serve(): Promise<void> {
  for (let message = channel.receive(); message !== undefined; message = channel.receive()) {
    switch (message.type) {
      case 'load':
        await loadAll(message.variants);
        break;
      case 'run':
        // Comes to the event loop each time, which is where outputs of earlier runs are freed.
        await run(message);
        break;
      case 'exit':
        return;
    }
  }
}

// A terminal's Ctrl-C reaches the whole process group; the gateway decides when a worker goes.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
send({ type: 'up', runtimeVersion: env.versions.node ?? env.versions.common });
await serve();
// Sessions go before the process does: ORT's environment must outlive them.
for (const { session } of loaded.values()) await session.release();
