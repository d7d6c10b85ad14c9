import type { Task } from '../scheduling/task.js';
import type { Work } from './dispatcher.js';

/** A text as the scheduler sees it. */
export function taskOf(work: Work, id: number): Task {
  const { arrivalAt, deadlineAt, allowed, onMiss, criticality, heldQuality, windows } = work;
  const windowTokens = windows.map(({ start, end }) => end - start + 2);
  return { id, arrivalAt, deadlineAt, allowed, onMiss, criticality, heldQuality, windowTokens };
}
