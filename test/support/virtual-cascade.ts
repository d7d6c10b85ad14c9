import {
  VirtualWorkers,
  type Outcome,
  type VirtualWorkersOptions,
} from '../../loadtest/simulation/virtual-workers.js';
import type { Scheduler } from '../../src/scheduling/scheduler.js';
import type { SchedulableVariant, Task } from '../../src/scheduling/task.js';

/** What a caller got: the better answer if it came in time, else the first one; null for none. */
export interface CascadeOutcome {
  readonly request: Task;
  readonly variant: string | null;
  readonly answeredAt: number;
  /** Quality of the answer, a late or missing one counting 0. */
  readonly value: number;
  readonly wentOn: boolean;
}

interface CascadeOptions extends Omit<VirtualWorkersOptions, 'onEnd'> {
  readonly scheduler: Scheduler;
  /** Best first; the last one is the first stage. */
  readonly variants: readonly SchedulableVariant[];
  /** Whether the first answer is probably wrong, and what a better one adds to it then. */
  readonly gain: (request: Task) => number;
}

/** Cascades in virtual time: second stages are tasks of their own that end by the deadline at the latest. */
export function playCascades(requests: Iterable<Task>, options: CascadeOptions): CascadeOutcome[] {
  const { variants, gain, ...rest } = options;
  const cheap = variants.at(-1)!;
  const better = variants.slice(0, -1);
  const qualityOf = new Map(variants.map(({ name, quality }) => [name, quality]));
  const answers: CascadeOutcome[] = [];
  const second = new Map<number, { first: Outcome; added: number }>();
  let lastId = 1_000_000;

  const finish = (outcome: Outcome): void => {
    const stage = second.get(outcome.task.id);
    if (stage === undefined) afterFirst(outcome);
    else afterSecond(outcome, stage);
  };
  const afterFirst = (first: Outcome): void => {
    const { task, endedAt } = first;
    const added = first.end === 'completed' ? gain(task) : 0;
    const hasTime = endedAt < task.deadlineAt;
    if (added === 0 || !hasTime || better.length === 0) {
      const inTime = first.end === 'completed' && endedAt <= task.deadlineAt;
      const value = inTime ? cheap.quality - added : 0;
      const { variant } = first;
      answers.push({ request: task, variant, answeredAt: endedAt, value, wentOn: false });
      return;
    }
    lastId += 1;
    second.set(lastId, { first, added });
    workers.submit({
      ...task,
      id: lastId,
      arrivalAt: endedAt,
      allowed: better.map(({ name }) => name),
      onMiss: 'reject',
      criticality: 'sheddable',
      heldQuality: better[0]!.quality - added,
    });
  };
  const afterSecond = (
    { task: { deadlineAt }, end, endedAt, variant }: Outcome,
    { first, added }: { first: Outcome; added: number },
  ): void => {
    const improved = end === 'completed' && endedAt <= deadlineAt;
    answers.push({
      request: first.task,
      variant: improved ? variant : first.variant,
      // Whatever becomes of the second stage, the first answer goes out by the deadline.
      answeredAt: Math.min(endedAt, deadlineAt),
      value: improved ? qualityOf.get(variant!)! : cheap.quality - added,
      wentOn: improved,
    });
  };
  const workers = new VirtualWorkers({ ...rest, onEnd: finish });
  workers.play(
    (function* firstStages() {
      for (const request of requests) yield { ...request, allowed: [cheap.name] };
    })(),
  );
  return answers;
}
