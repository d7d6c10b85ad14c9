/** Prom-client's metrics as their call sites may use them: a label that is left out does not compile. */

/** A counter whose call sites must give every label. */
export interface LabelledCounter<Labels> {
  inc(labels: Labels, by?: number): void;
}

export interface LabelledHistogram<Labels> {
  observe(labels: Labels, value: number): void;
}

export interface LabelledGauge<Labels> {
  set(labels: Labels, value: number): void;
  remove(labels: Labels): void;
  /** Forgets all label values. */
  reset(): void;
}
