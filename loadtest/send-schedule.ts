import type { PlannedRequest } from './arrivals/schedule.js';
import type { Reply } from './ner-client.js';

/** What became of a planned request. */
export interface SentRequest extends PlannedRequest {
  /** From the intended instant until it was written to a connection. */
  sendLagMs: number;
  /** From the intended instant to the last reply. */
  latencyMs: number;
  /** How long each refusal (503) took: the first from the intended instant, those of retries from their sending. */
  refusalsMs: number[];
  status: number;
  body: string;
}

interface SendOptions {
  schedule: readonly PlannedRequest[];
  bodyOf: (request: PlannedRequest) => string;
  send: (body: string) => Promise<Reply>;
  /** See pacer.ts. */
  pace: (options: {
    offsetsMs: readonly number[];
    onDue: (index: number, dueAt: number) => void;
  }) => Promise<void>;
  /** A refused request is sent again at once, up to so many times. */
  retries: number;
}

/** An open loop: every request goes out at its instant, whether or not those before it were answered. */
export async function sendSchedule(options: SendOptions): Promise<SentRequest[]> {
  const { schedule, bodyOf, pace } = options;
  const bodies = schedule.map(bodyOf);
  const inFlight: Promise<SentRequest>[] = [];
  await pace({
    offsetsMs: schedule.map(({ atMs }) => atMs),
    onDue: (index, dueAt) => {
      inFlight.push(
        sendOne({ ...options, planned: schedule[index]!, body: bodies[index]!, dueAt }),
      );
    },
  });
  return Promise.all(inFlight);
}

async function sendOne(
  options: Pick<SendOptions, 'send' | 'retries'> & {
    planned: PlannedRequest;
    body: string;
    dueAt: number;
  },
): Promise<SentRequest> {
  const { planned, body, dueAt, send, retries } = options;
  let reply = await send(body);
  const sendLagMs = reply.sentAt - dueAt;
  const refusalsMs: number[] = [];
  let startedAt = dueAt;
  while (reply.status === 503) {
    refusalsMs.push(reply.answeredAt - startedAt);
    if (refusalsMs.length > retries) break;
    startedAt = reply.answeredAt;
    reply = await send(body);
  }
  return {
    ...planned,
    sendLagMs,
    latencyMs: reply.answeredAt - dueAt,
    refusalsMs,
    status: reply.status,
    body: reply.body,
  };
}
