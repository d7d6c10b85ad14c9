import { Scheduler, type SchedulerOptions } from '../../../src/scheduling/scheduler.js';
import type { Admission, SchedulableVariant, Task } from '../../../src/scheduling/task.js';

/** Picks the variant of a task as it comes; there are always several to choose from. */
type ChoosesVariant = (task: Task, variants: readonly SchedulableVariant[]) => SchedulableVariant;

/** The gateway's scheduler, with the variant of each task chosen when it comes, and admission that knows it. */
export class BoundAtArrivalScheduler extends Scheduler {
  readonly #choose: ChoosesVariant;
  #variants: readonly SchedulableVariant[] = [];

  constructor(options: SchedulerOptions, choose: ChoosesVariant) {
    super(options);
    this.#choose = choose;
  }

  override setVariants(variants: readonly SchedulableVariant[]): void {
    this.#variants = variants;
    super.setVariants(variants);
  }

  override submit(task: Task, now: number): Admission {
    const allowed = this.#variants.filter(({ name }) => task.allowed.includes(name));
    // A pinned task leaves no choice.
    if (allowed.length < 2) return super.submit(task, now);
    return super.submit({ ...task, allowed: [this.#choose(task, allowed).name] }, now);
  }
}
