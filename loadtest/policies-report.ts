import { figuresOf, type Finding } from './simulation/findings.js';
import type { LoadFigures } from './simulation/sweep.js';
import { formatNumber, formatTable } from './table.js';

/** Ours at every load, beside the best fixed variant of that load and the bound. */
export function formatOurs(rows: readonly LoadFigures[]): string {
  const head = ['load %', 'mean/s', 'peak/s', 'met %', 'entier F1', 'range', 'best fixed', 'F1'];
  const lines = rows.map((row) => {
    const { effectiveF1, budgetsMet } = figuresOf(row, 'entier');
    return [
      formatNumber(100 * row.load, 0),
      formatNumber(row.meanPerSecond, 0),
      formatNumber(row.peakPerSecond, 0),
      formatNumber(100 * budgetsMet.median, 2),
      formatNumber(effectiveF1.median, 4),
      `${formatNumber(effectiveF1.min, 4)}-${formatNumber(effectiveF1.max, 4)}`,
      row.bestFixed.replace('fixed ', ''),
      formatNumber(figuresOf(row, row.bestFixed).effectiveF1.median, 4),
      signed(row.oursLessBestFixed.median),
      formatNumber(row.upperBoundF1.median, 4),
      formatNumber(100 * row.oursOfUpperBound.median, 1),
    ];
  });
  return formatTable([[...head, 'ours less it', 'bound', 'of bound %'], ...lines], [6]);
}

/** Effective F1 of every policy at every load. */
export function formatPolicies(rows: readonly LoadFigures[]): string {
  const names = rows[0]!.policies.map(({ policy }) => policy.replace(/^aimd .*/, 'aimd'));
  const lines = rows.map((row) => [
    formatNumber(100 * row.load, 0),
    ...row.policies.map(({ effectiveF1 }) => formatNumber(effectiveF1.median, 4)),
  ]);
  return formatTable([['load %', ...names], ...lines]);
}

/** Which variants ours answered with. */
export function formatOurMix(rows: readonly LoadFigures[]): string {
  const variants = Object.keys(rows[0]!.policies[0]!.shares);
  const head = ['load %', ...variants.map((name) => `${name} %`), 'missed %', 'busy %'];
  const lines = rows.map((row) => {
    const { shares, budgetsMet, busyShare } = figuresOf(row, 'entier');
    return [
      formatNumber(100 * row.load, 0),
      ...variants.map((name) => formatNumber(100 * shares[name]!, 1)),
      formatNumber(100 * (1 - budgetsMet.median), 2),
      formatNumber(100 * busyShare.median, 0),
    ];
  });
  return formatTable([head, ...lines]);
}

export function formatFindings(findings: readonly Finding[]): string {
  const lines = findings.map(({ what, required, found, at, reached }) => [
    what,
    formatNumber(required, 3),
    formatNumber(found, 4),
    formatNumber(100 * at, 0),
    reached ? 'yes' : 'no',
  ]);
  return formatTable([['requirement', 'at least', 'found', 'at load %', 'reached'], ...lines]);
}

function signed(value: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(4)}`;
}
