import { createHash, timingSafeEqual } from 'node:crypto';
import { errors } from '../errors.js';
import { FailedAttempts } from './failed-attempts.js';
import type { IncomingMessage } from 'node:http';

const CHALLENGE = 'Bearer realm="entier admin"';
const CREDENTIALS = /^bearer +(\S+) *$/i;
/** Of ten guesses a minute a key of 16 characters has nothing to fear, and a person who mistypes it little. */
const ATTEMPTS = { maxFailures: 10, windowMs: 60_000, maxCallers: 4096 };

/** Asks for `Authorization: Bearer KEY` (RFC 6750). */
export class AdminKey {
  readonly #digest: Buffer;
  readonly #attempts: FailedAttempts;

  constructor(key: string, now: () => number) {
    this.#digest = digestOf(key);
    this.#attempts = new FailedAttempts({ ...ATTEMPTS, now });
  }

  /**
   * Throws unauthenticated where no key is sent, forbidden where it is another one, and rate_limited, even for the right
   * key, where that has happened too often.
   */
  check({ headers, socket }: IncomingMessage): void {
    const address = socket.remoteAddress ?? '';
    const blockedForMs = this.#attempts.blockedForMs(address);
    if (blockedForMs !== undefined) {
      throw errors.rateLimited('Too many wrong keys came from this address.', blockedForMs);
    }
    if (headers.authorization === undefined) {
      throw errors.unauthenticated('Send the admin key: Authorization: Bearer KEY.', CHALLENGE);
    }
    const given = CREDENTIALS.exec(headers.authorization)?.[1];
    if (given === undefined) {
      const detail = 'Authorization: expected Bearer and the admin key.';
      throw errors.unauthenticated(detail, `${CHALLENGE}, error="invalid_request"`);
    }
    if (timingSafeEqual(digestOf(given), this.#digest)) return;
    this.#attempts.add(address);
    throw errors.forbidden('This is not the admin key.');
  }
}

/** Digests have one length and do not tell how much of a key is right by the time that comparing them takes. */
function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
