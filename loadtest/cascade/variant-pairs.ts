import { readFileSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from '../flags.js';

/** What a pair is chosen by. */
export interface VariantFacts {
  name: string;
  f1: number;
  isCalibrated: boolean;
}

export interface VariantPair {
  first: VariantFacts;
  second: VariantFacts;
}

interface CardFacts {
  quality: { value: number };
  calibration?: object;
}

/** The variants of a models folder that a gateway loads, in the order of its manifest. */
export function readVariants(modelsDir: string): VariantFacts[] {
  const { variants, retired = [] } = readJson(path.join(modelsDir, 'manifest.json')) as {
    variants: string[];
    retired?: string[];
  };
  const loaded = variants.filter((name) => !retired.includes(name));
  return loaded.map((name) => {
    const card = readJson(path.join(modelsDir, name, 'card.json')) as CardFacts;
    return { name, f1: card.quality.value, isCalibrated: card.calibration !== undefined };
  });
}

/**
 * The pairs that are named `first:second`, else the calibrated variant of the lowest F1 with each better one. Throws
 * UsageError where a cascade of a pair cannot be.
 */
export function choosePairs(
  variants: readonly VariantFacts[],
  named: readonly string[] | undefined,
): VariantPair[] {
  const calibrated = variants.filter(({ isCalibrated }) => isCalibrated);
  if (named === undefined) {
    const [first] = [...calibrated].sort((a, b) => a.f1 - b.f1);
    if (first === undefined) {
      throw new UsageError(
        'no card has a calibration: run scripts.calibrate and scripts.write_card',
      );
    }
    const pairs = variants
      .filter(({ f1 }) => f1 > first.f1)
      .map((second): VariantPair => ({ first, second }));
    if (pairs.length > 0) return pairs;
    throw new UsageError(
      `no variant is better than ${first.name}, the only one with a calibration`,
    );
  }
  return named.map((text) => {
    const parts = text.split(':');
    const [first, second] = parts.map((name) => variants.find((one) => one.name === name));
    if (parts.length !== 2 || first === undefined || second === undefined) {
      const names = variants.map(({ name }) => name).join(', ');
      throw new UsageError(`--pairs takes first:second of ${names}, not "${text}"`);
    }
    if (!first.isCalibrated) {
      throw new UsageError(`the card of ${first.name} has no calibration: run scripts.calibrate`);
    }
    if (first.f1 >= second.f1) {
      throw new UsageError(`${second.name} is no better than ${first.name} on validation`);
    }
    return { first, second };
  });
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
