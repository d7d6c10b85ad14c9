import { errors } from '../errors.js';
import { ROUTED } from '../names.js';
import type { GatewayPort } from './gateway-port.js';

const RETRY_AFTER_MS = 1_000;

/**
 * The variant that a path names; undefined: the router chooses. Throws unknown_variant where none of that name serves or
 * is retired; the gateway knows whether one that is retired comes back for being asked for.
 */
export function namedVariant(name: string, gateway: GatewayPort): string | undefined {
  if (name === ROUTED) return undefined;
  const variants = gateway.variants();
  const serving = variants.filter(({ state }) => state === 'active');
  const named = variants.find((variant) => variant.name === name)?.state;
  // While nothing serves yet the gateway says so, whatever the name.
  if (serving.length === 0 || named === 'active' || named === 'retired') return name;
  throw errors.unknownVariant(serving.map((variant) => variant.name));
}

/** Throws draining, or not_ready where the gateway, or this model of it, does not serve. */
export function checkServing(gateway: GatewayPort, name: string = ROUTED): void {
  const { ready, draining, variants } = gateway.readiness();
  if (draining) throw errors.draining(RETRY_AFTER_MS);
  const serves = (each: (typeof variants)[number]) => each.name === name && each.state === 'active';
  if (!ready || (name !== ROUTED && !variants.some(serves))) throw errors.notReady(RETRY_AFTER_MS);
}
