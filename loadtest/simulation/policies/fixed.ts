import { Scheduler, type SchedulerOptions } from '../../../src/scheduling/scheduler.js';
import type { SchedulableVariant } from '../../../src/scheduling/task.js';
import type { Policy } from './policy.js';

/** One variant answers everything, as when a server holds one model. */
export function fixed(variant: string): Policy {
  return {
    name: `fixed ${variant}`,
    create: (options) => new OneVariantScheduler(options, variant),
  };
}

/** The gateway's scheduler where it knows of one variant only. */
export class OneVariantScheduler extends Scheduler {
  readonly #variant: string;

  constructor(options: SchedulerOptions, variant: string) {
    super(options);
    this.#variant = variant;
  }

  override setVariants(variants: readonly SchedulableVariant[]): void {
    super.setVariants(variants.filter(({ name }) => name === this.#variant));
  }
}
