/**
 * Operators that exports of BERT-like encoders have: from torch.onnx (traced or exported), optimum and the offline
 * optimizer of onnxruntime, and those that quantization puts in their place. No loops, no branches, no control over files.
 */
const STANDARD = `
  Abs Add And Cast CastLike Ceil Clip Concat Constant ConstantOfShape Cos CumSum DequantizeLinear Div
  DynamicQuantizeLinear Equal Erf Exp Expand Flatten Floor Gather GatherElements GatherND Gelu Gemm Greater
  GreaterOrEqual HardSigmoid HardSwish Identity IsInf IsNaN LayerNormalization Less LessOrEqual Log LogSoftmax MatMul
  MatMulInteger Max Mean Min Mish Mod Mul Neg Not Or Pow QLinearMatMul QuantizeLinear Range Reciprocal ReduceMax
  ReduceMean ReduceMin ReduceSum Relu Reshape ScatterElements ScatterND Shape Sigmoid Sign Sin Size Slice Softmax
  Softplus Split Sqrt Squeeze Sub Sum Tanh Tile Transpose Trilu Unsqueeze Where Xor
`;
const MICROSOFT = `
  Attention BiasGelu DynamicQuantizeMatMul EmbedLayerNormalization FastGelu FusedMatMul Gelu MatMulIntegerToFloat
  MatMulNBits MultiHeadAttention QAttention QEmbedLayerNormalization QuickGelu SkipLayerNormalization
`;

export const MICROSOFT_DOMAIN = 'com.microsoft';

const ALLOWED: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['', namesIn(STANDARD)],
  [MICROSOFT_DOMAIN, namesIn(MICROSOFT)],
]);

/** Imported by files that onnxruntime's and torch's tools write, whether a node is of them or not. */
const IMPORTED_IN_VAIN = new Set([
  'ai.onnx.ml',
  'ai.onnx.training',
  'ai.onnx.preview.training',
  'com.microsoft.experimental',
  'com.microsoft.nchwc',
  'com.ms.internal.nhwc',
  'org.pytorch.aten',
  'pkg.onnxscript.torch_lib',
  'pkg.onnxscript.torch_lib.common',
]);

/** `ai.onnx` is the long name of the standard operators. */
export function canonicalDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

export function isKnownDomain(domain: string): boolean {
  return ALLOWED.has(canonicalDomain(domain));
}

export function mayBeImported(domain: string): boolean {
  return isKnownDomain(domain) || IMPORTED_IN_VAIN.has(domain);
}

export function isAllowedOperator(domain: string, operator: string): boolean {
  return ALLOWED.get(canonicalDomain(domain))?.has(operator) ?? false;
}

function namesIn(list: string): ReadonlySet<string> {
  return new Set(list.trim().split(/\s+/));
}
