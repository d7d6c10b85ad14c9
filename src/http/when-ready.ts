import { setTimeout as sleep } from 'node:timers/promises';
import { goneSignal } from './ner-call.js';
import { ClientGone } from './json-body.js';
import type { Exchange } from './exchange.js';
import type { GatewayPort } from './gateway-port.js';

/** As often as that it is looked whether a variant serves. */
const LOOK_EVERY_MS = 50;
/** A first start takes seconds; whoever waits longer waits in vain. */
const MAX_WAIT_MS = 60_000;

/**
 * Waits while no variant serves yet, a minute at most. Resolves to whether there was anything to wait for; whoever is
 * then refused learns it from the gateway. Rejects with ClientGone.
 */
export async function whenReady(exchange: Exchange, gateway: GatewayPort): Promise<boolean> {
  const isWaiting = (): boolean => {
    const { ready, draining } = gateway.readiness();
    return !ready && !draining;
  };
  if (!isWaiting()) return false;
  const signal = goneSignal(exchange);
  const lookUntil = performance.now() + MAX_WAIT_MS;
  while (isWaiting() && !exchange.isClosing() && performance.now() < lookUntil) {
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) throw new ClientGone();
  }
  return true;
}
