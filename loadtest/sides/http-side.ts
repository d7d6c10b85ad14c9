import type { EntityLabel } from '../corpus/corpus.js';
import { postJson } from '../get-json.js';
import { measureSide } from '../measure-side.js';
import type { Entity } from '../score.js';
import type { ServerProcess } from '../server-process.js';
import type { RunningSide } from './side.js';

interface HttpSideOptions<Body> {
  name: string;
  server: ServerProcess;
  /** Sent with every request to every side; one that has no variants ignores it. */
  variant: string;
  labels: readonly EntityLabel[];
  /** The entities in the body of an answer, of the labels above. */
  read: (body: Body, text: string) => readonly Entity[] | Promise<readonly Entity[]>;
}

/** To be scored, not timed: on a host that is busy otherwise a text may take long. */
const scoringBudgetMs = 30_000;

/** A server that answers `POST /ner` with `{"entities": ...}` in a form of its own. */
export function httpSide<Body>(options: HttpSideOptions<Body>): RunningSide {
  const { name, server, variant, labels, read } = options;
  return {
    readyMs: server.readyMs,
    measure: (load) =>
      measureSide({ name, url: server.url, pid: server.pid }, { ...load, variant }),
    recogniser: {
      labels,
      find: async ({ text }) => {
        const body = { text, variant, latency_budget_ms: scoringBudgetMs };
        return read(await postJson<Body>(`${server.url}/ner`, body), text);
      },
    },
    stop: () => server.stop(),
  };
}
