import { StartError } from '../errors.js';
import { diagnoseCuda, type CudaHost } from './cuda-diagnosis.js';
import type { Provider } from './protocol.js';

export type RequestedProvider = 'auto' | Provider;

/** The providers to try, best first, and what keeps the GPU out if something does. */
export interface ProviderPlan {
  readonly requested: RequestedProvider;
  readonly order: readonly Provider[];
  readonly detail: string | undefined;
}

/** Throws StartError where CUDA was asked for and this host lacks a part of it; `auto` falls back to the CPU. */
export function chooseProvider(requested: RequestedProvider, host: CudaHost): ProviderPlan {
  if (requested === 'cpu') return { requested, order: ['cpu'], detail: undefined };
  const missing = diagnoseCuda(host);
  if (missing.length === 0) {
    return {
      requested,
      order: requested === 'cuda' ? ['cuda'] : ['cuda', 'cpu'],
      detail: undefined,
    };
  }
  const detail = missing.join('; ');
  if (requested === 'cuda') {
    throw new StartError(
      `CUDA was asked for, but ${detail}. Or start with ENTIER_EXECUTION_PROVIDER=auto or cpu.`,
    );
  }
  return { requested, order: ['cpu'], detail: `no CUDA: ${detail}` };
}
