/** Five variants, best first: quality and ms as measured on two AVX512-VNNI cores. */
export const referenceVariants = [
  { name: 'full', quality: 0.93, profile: { a: 1.1, b: 0.165, c: 0 } },
  { name: 'full-int8', quality: 0.928, profile: { a: 0.55, b: 0.05, c: 0 } },
  { name: 'pruned', quality: 0.92, profile: { a: 0.45, b: 0.036, c: 0 } },
  { name: 'distilled-3l', quality: 0.915, profile: { a: 0.6, b: 0.085, c: 0 } },
  { name: 'distilled-3l-int8', quality: 0.914, profile: { a: 0.35, b: 0.0195, c: 0 } },
] as const;

export const referenceNames = referenceVariants.map(({ name }) => name);
