import { getJson, postJson } from './get-json.js';

export interface Tier {
  name: string;
  budgetMs: number;
}

interface VariantsBody {
  variants: { name: string; state: string }[];
}

const usualTiers = ['realtime', 'interactive', 'standard', 'batch'];

/** The tiers to test with their budgets: those named, else those of the gateway's OpenAPI, else the usual ones. */
export async function findTiers(
  url: string,
  named: readonly string[] | undefined,
): Promise<Tier[]> {
  const names = named ?? tiersIn(await getJson<unknown>(`${url}/openapi.json`)) ?? usualTiers;
  const { variants } = await getJson<VariantsBody>(`${url}/variants`);
  // Pinned, so that no experiment counts what only asks for a budget.
  const variant = variants.find(({ state }) => state === 'active')?.name;
  const tiers: Tier[] = [];
  for (const name of names) {
    const body = { text: 'Anna Berg lives in Oslo.', tier: name, variant };
    const answer = await postJson<{ budget: { requested_ms: number } }>(`${url}/ner`, body);
    tiers.push({ name, budgetMs: answer.budget.requested_ms });
  }
  return tiers.sort((a, b) => a.budgetMs - b.budgetMs);
}

/** The names that a schema property called `tier` allows. */
export function tiersIn(schema: unknown): string[] | undefined {
  if (typeof schema !== 'object' || schema === null) return undefined;
  for (const [key, value] of Object.entries(schema)) {
    const allowed = key === 'tier' ? (value as { enum?: unknown } | null)?.enum : undefined;
    if (Array.isArray(allowed)) return allowed.map(String);
    const found = tiersIn(value);
    if (found) return found;
  }
  return undefined;
}
