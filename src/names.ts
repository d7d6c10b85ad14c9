/** What may be called how. A leaf, since configuration, cards and requests must agree. */

import { z } from 'zod';

/** The name under which protocols that must name a variant ask for routing. */
export const ROUTED = 'auto';

/** Of a variant: lower case, since it is the name of a folder and not every file system tells cases apart. */
export const VARIANT_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

export const variantName = z
  .string()
  .regex(VARIANT_NAME, {
    error:
      'expected lower-case letters, digits, ".", "_" or "-", 64 at most, a letter or digit first',
  })
  .regex(new RegExp(`^(?!${ROUTED}$)`), {
    error: `"${ROUTED}" is how requests ask for routing and cannot be the name of a variant; choose another`,
  });

/** Of what else people name: tiers, experiments and their arms. */
export const plainName = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,63}$/, 'expected letters, digits, ".", "_" or "-", 64 at most');
