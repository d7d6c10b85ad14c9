import { Scheduler, type SchedulerOptions } from '../../src/scheduling/scheduler.js';
import type { SchedulableVariant, Task } from '../../src/scheduling/task.js';
import { referenceNames, referenceVariants } from './reference-variants.js';

let lastId = 0;

export interface TaskSketch {
  readonly at?: number;
  readonly budgetMs?: number;
  readonly tokens?: number | readonly number[];
  readonly allowed?: readonly string[];
  readonly onMiss?: Task['onMiss'];
  readonly criticality?: Task['criticality'];
}

/** A task with a fresh id; 60 tokens, 200 ms, any variant, `degrade`, default criticality, arriving at 0 unless said otherwise. */
export function taskOf(sketch: TaskSketch = {}): Task {
  const { at = 0, budgetMs = 200, tokens = 60 } = sketch;
  lastId += 1;
  return {
    id: lastId,
    arrivalAt: at,
    deadlineAt: at + budgetMs,
    allowed: sketch.allowed ?? referenceNames,
    onMiss: sketch.onMiss ?? 'degrade',
    criticality: sketch.criticality ?? 'default',
    windowTokens: typeof tokens === 'number' ? [tokens] : tokens,
  };
}

export function schedulerOf(
  options: Partial<SchedulerOptions> & { variants?: readonly SchedulableVariant[] } = {},
): Scheduler {
  const { variants = referenceVariants, ...rest } = options;
  const scheduler = new Scheduler({ workers: 2, maxQueuedTokens: 100_000, ...rest });
  scheduler.setVariants(variants);
  return scheduler;
}
