/** Colours that stay apart for the colour-blind, after Okabe and Ito, "Color universal design" (2008); yellow is left out on white. */
export const palette = ['#0072B2', '#E69F00', '#009E73', '#CC79A7', '#56B4E9', '#D55E00'] as const;

export const ink = '#222222';
export const faintInk = '#666666';
export const gridColor = '#E3E3E3';
export const shadeColor = '#F3EFE3';

/** The n-th colour; from the seventh on they come again. */
export function colorAt(index: number): string {
  return palette[index % palette.length]!;
}
