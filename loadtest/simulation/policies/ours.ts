import { Scheduler, type SchedulerOptions } from '../../../src/scheduling/scheduler.js';
import type { Policy } from './policy.js';

/** The gateway's scheduler with options of its own, such as a part of it switched off. */
export function oursWith(name: string, changed: Partial<SchedulerOptions>): Policy {
  return { name, create: (options) => new Scheduler({ ...options, ...changed }) };
}

/** The gateway's scheduler as it is: late binding, the price of time, batches of like length. */
export const ours = oursWith('entier', {});
