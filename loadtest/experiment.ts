import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openGateway, type Gateway } from './gateway-process.js';
import { getJson } from './get-json.js';

/** An arm as `GET /experiments` shows it. */
export interface ServerArm {
  name: string;
  variant: string;
  requests: number;
  budgets_met: number;
  latency_ms: { p50: number | null; p90: number | null; p99: number | null };
  entities: Record<string, number>;
}

export interface ServerExperiment {
  name: string;
  arms: ServerArm[];
}

/** Starts the gateway with one experiment of equal arms, each named after its variant. */
export async function openGatewayWithArms(arms: readonly string[]): Promise<Gateway> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'entier-ab-'));
  const configPath = path.join(folder, 'entier.config.json');
  const experiment = {
    name: 'loadtest',
    arms: arms.map((variant) => ({ name: variant, variant, weight: 1 })),
    share: 1,
    seed: 'loadtest',
  };
  writeFileSync(configPath, JSON.stringify({ experiments: [experiment] }));
  try {
    return await openGateway({ configPath });
  } finally {
    // Read at the start only.
    rmSync(folder, { recursive: true });
  }
}

/** An experiment of a gateway by its name, else the first; throws where there is none of two arms. */
export async function findExperiment(
  url: string,
  name: string | undefined,
): Promise<ServerExperiment> {
  const { experiments } = await getJson<{ experiments: ServerExperiment[] }>(`${url}/experiments`);
  const found = name === undefined ? experiments[0] : experiments.find((one) => one.name === name);
  if (found === undefined) {
    const names = experiments.map((one) => one.name).join(', ') || 'none';
    throw new Error(`the gateway does not have that experiment; it has: ${names}`);
  }
  if (found.arms.length < 2) throw new Error(`experiment "${found.name}" has fewer than two arms`);
  return found;
}
