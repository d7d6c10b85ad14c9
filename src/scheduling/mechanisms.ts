/** What the scheduler does beyond a queue in order of deadlines; each may be switched off to see what it is worth. */
export interface Mechanisms {
  /** A run is charged for its worker time, at a price that follows the demand. Off: the price is 0. */
  readonly priceOfTime: boolean;
  /** Windows of several tasks run together. Off: every run has one window. */
  readonly batching: boolean;
  /** A run is charged for the newcomers that miss while no worker is free. Off: nobody is expected. */
  readonly patience: boolean;
  /** Who cannot make the deadline any more goes before it has passed. Off: it may still take a worker until then. */
  readonly earlyDrop: boolean;
  /** A run leaves those who wait time for their fastest variant. Off: only its own deadlines count. */
  readonly queueFeasibility: boolean;
  /** Newcomers whose predicted end is after their deadline are not queued as in time. Off: only the bound counts. */
  readonly admissionControl: boolean;
  /** Predictions follow how slow the host is now. Off: the profiles as they were fitted. */
  readonly slowdownTracking: boolean;
  /** Less critical work gives way. Off: all work is alike. */
  readonly criticality: boolean;
}

export const ALL_MECHANISMS: Mechanisms = Object.freeze({
  priceOfTime: true,
  batching: true,
  patience: true,
  earlyDrop: true,
  queueFeasibility: true,
  admissionControl: true,
  slowdownTracking: true,
  criticality: true,
});
