/** What an ONNX file may be at most. Files come from strangers, and what they say of themselves is checked first. */
export interface ModelLimits {
  /** Of the whole file. */
  readonly maxModelBytes: number;
  /** Of one tensor in memory, in fp32. */
  readonly maxTensorBytes: number;
  readonly maxNodes: number;
  readonly maxTensors: number;
  /** Of the model, and as many outputs. */
  readonly maxInputs: number;
  /** Messages, strings and numbers beside weights: each becomes an object in memory. */
  readonly maxItems: number;
  readonly maxTensorRank: number;
}

/** Room for encoders of 24 layers, fused or not, with a vocabulary of 250,000. */
export const DEFAULT_LIMITS: ModelLimits = {
  // Protobuf itself ends at 2 GiB.
  maxModelBytes: 2 ** 31 - 1,
  maxTensorBytes: 2 ** 31 - 1,
  maxNodes: 50_000,
  maxTensors: 50_000,
  maxInputs: 100,
  maxItems: 1_000_000,
  maxTensorRank: 8,
};
