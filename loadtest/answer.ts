import type { Exchange } from './saturate.js';
import type { Entity } from './score.js';

/** What one request came to, as the client saw it. */
export interface Answer {
  sentence: number;
  latencyMs: number;
  /** `ok`, the code of the problem document, `http_<status>`, `unreadable`, or `no_answer`. */
  code: string;
  metByServer: boolean;
  budgetMs: number | undefined;
  variant: string | undefined;
  arm: string | undefined;
  entities: readonly Entity[];
}

interface NerBody {
  entities?: Entity[];
  variant?: string;
  experiment?: { arm: string } | null;
  budget?: { requested_ms: number; met: boolean };
  code?: string;
}

/** Reads the body of an exchange; whatever is wrong with it becomes a code, never an exception. */
export function readAnswer({ sentence, latencyMs, status, body }: Exchange): Answer {
  const content = parseObject(body);
  const ok = status === 200 && Array.isArray(content?.entities);
  return {
    sentence,
    latencyMs,
    code: ok ? 'ok' : codeOf(status, content),
    metByServer: ok && content.budget?.met === true,
    budgetMs: content?.budget?.requested_ms,
    variant: content?.variant,
    arm: content?.experiment?.arm,
    entities: ok ? (content.entities ?? []) : [],
  };
}

/** The gateway's word is not enough: an answer later than its budget at the client is late as well. */
export function isInTime(answer: Answer, budgetMs: number): boolean {
  return answer.code === 'ok' && answer.metByServer && answer.latencyMs <= budgetMs;
}

function codeOf(status: number, content: NerBody | undefined): string {
  if (status === 0) return 'no_answer';
  if (status === 200) return 'unreadable';
  return content?.code ?? `http_${status}`;
}

function parseObject(body: string): NerBody | undefined {
  try {
    const content: unknown = JSON.parse(body);
    return typeof content === 'object' && content !== null ? content : undefined;
  } catch {
    return undefined;
  }
}
