// Rule 23 at length: whoever there is walks over all routes with a limited key.
import { expect, test } from 'vitest';
import { HOLDERS, walkWithLimits } from '../support/power-walk.ts';
import { makeWorld } from '../support/world.ts';

test.each(HOLDERS)(
  'a limited key of $person with $siteRoles and $organizationRoles gives no power',
  {
    timeout: 300_000,
  },
  async (holder) => {
    const world = await makeWorld();
    expect(await walkWithLimits(world, [holder])).toBeGreaterThan(0);
  },
);
