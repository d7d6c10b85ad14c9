import { isIPv6 } from 'node:net';

export interface FailedAttemptsOptions {
  /** Within a window; whoever has failed as often is not listened to until it is over. */
  readonly maxFailures: number;
  readonly windowMs: number;
  /** The oldest window is forgotten beyond this, so that memory is bounded whoever calls. */
  readonly maxCallers: number;
  readonly now: () => number;
}

interface Window {
  readonly endsAt: number;
  failures: number;
}

/** Counts by caller how often a secret was guessed wrongly. */
export class FailedAttempts {
  readonly #options: FailedAttemptsOptions;
  /** All windows are as long, so the first one of the map ends first. */
  readonly #windows = new Map<string, Window>();

  constructor(options: FailedAttemptsOptions) {
    this.#options = options;
  }

  /** How long the caller is not listened to, ms; undefined where it is. */
  blockedForMs(address: string): number | undefined {
    const { maxFailures, now } = this.#options;
    const window = this.#windows.get(callerOf(address));
    const leftMs = (window?.endsAt ?? 0) - now();
    return window !== undefined && window.failures >= maxFailures && leftMs > 0
      ? leftMs
      : undefined;
  }

  add(address: string): void {
    const { windowMs, maxCallers, now } = this.#options;
    const caller = callerOf(address);
    const at = now();
    for (const [key, { endsAt }] of this.#windows) {
      if (endsAt > at) break;
      this.#windows.delete(key);
    }
    const window = this.#windows.get(caller);
    if (window !== undefined) {
      window.failures += 1;
      return;
    }
    if (this.#windows.size >= maxCallers) {
      const [oldest] = this.#windows.keys();
      this.#windows.delete(oldest!);
    }
    this.#windows.set(caller, { endsAt: at + windowMs, failures: 1 });
  }

  /** How many callers are remembered. */
  get size(): number {
    return this.#windows.size;
  }
}

/** A host of IPv6 has a network of 64 bits to itself, so that is what counts; IPv4 in the form of IPv6 is IPv4. */
export function callerOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('%')[0]!.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [first, last] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? 0 : 8 - first.length - last.length;
  const all = [...first, ...new Array<string>(Math.max(0, zeros)).fill('0'), ...last];
  return all
    .slice(0, 4)
    .map((group) => parseInt(group, 16).toString(16))
    .join(':');
}
