import type { HostFacts } from '../registry/host-facts.js';

/** Instructions that add products of 8 bits without a sum of 16 bits in between, which saturates. */
const EXACT_PRODUCTS = /\b(avx512_vnni|avx_vnni|amx_int8)\b/;

/**
 * Bits of int8 weights that are safe on this host: 7 on x86 without VNNI, where sums of products of 8 bits saturate
 * (onnxruntime issue 5849), and where the CPU's flags are not known; 8 on all others.
 */
export function safeWeightBits(
  { cpuFlags }: Pick<HostFacts, 'cpuFlags'>,
  arch: NodeJS.Architecture = process.arch,
): 7 | 8 {
  const isX86 = arch === 'x64' || arch === 'ia32';
  return isX86 && !EXACT_PRODUCTS.test(cpuFlags) ? 7 : 8;
}
