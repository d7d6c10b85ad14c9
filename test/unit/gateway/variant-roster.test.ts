import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { activeVariant } from '../../support/cards.js';
import { experimentOn, RosterWorld } from '../../support/roster-world.js';

const conflict = { code: 'conflict' };

describe('VariantRoster', () => {
  it('serves a variant once the workers hold it, and not before', async () => {
    const world = new RosterWorld();
    const making = world.make('small');
    assert.deepEqual(world.scheduled, ['full']);
    await making;
    assert.deepEqual(world.scheduled, ['full', 'small']);
  });

  it('lets what was accepted be answered before a variant leaves the workers', async () => {
    const world = new RosterWorld();
    await world.make('small');
    const plan = { allowed: [activeVariant('small', 0.8)], forced: undefined, assignment: null };
    world.inFlight.add(plan);

    const retiring = world.roster.retire('small');
    await new Promise(setImmediate);
    assert.equal(world.registry.active().length, 1, 'no new request gets it');
    assert.deepEqual(world.scheduled, ['full', 'small']);
    assert.ok(world.held.has('small'));

    world.inFlight.delete(plan);
    await retiring;
    assert.deepEqual(world.scheduled, ['full']);
    assert.equal(world.registry.get('small')?.state, 'retired');
  });

  it('keeps the last variant that serves, also of two that are retired at once', async () => {
    const world = new RosterWorld();
    await assert.rejects(world.roster.retire('full'), conflict);
    await world.make('small');

    const both = await Promise.allSettled([
      world.roster.retire('full'),
      world.roster.retire('small'),
    ]);

    assert.deepEqual(
      both.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    );
    assert.deepEqual(world.scheduled, ['small']);
  });

  it('keeps the arms of an experiment that takes requests', async () => {
    const world = new RosterWorld();
    await world.make('small');
    world.experiments = [experimentOn('small')];
    await assert.rejects(world.roster.retire('small'), { ...conflict, message: /trial/ });

    world.experiments = [{ ...experimentOn('small'), share: 0 }];
    await world.roster.retire('small');
  });

  it('does not activate what is on its way out', async () => {
    const world = new RosterWorld();
    await world.make('small');
    const retiring = world.roster.retire('small');
    assert.throws(() => world.roster.activate('small'), conflict);
    await assert.rejects(world.roster.retire('small'), conflict);
    await retiring;
    await world.roster.bringBack('small');
    assert.deepEqual(world.scheduled, ['full', 'small']);
  });

  it('leaves a retired variant as it was if there is no room to load it again', async () => {
    const world = new RosterWorld({ maxWarmBytes: 250 });
    await world.make('small');
    await world.roster.retire('small');
    // Memory that no variant accounts for.
    world.held.set('leak', 1_000);
    await assert.rejects(world.roster.bringBack('small'), { ...conflict, message: /maxWarmBytes/ });
    assert.equal(world.registry.get('small')?.state, 'retired');
    assert.match(world.registry.get('small')!.detail!, /maxWarmBytes/);
  });

  it('unloads the least used variant where there is no room, and loads it when a request names it', async () => {
    const world = new RosterWorld({ maxWarmBytes: 300 });
    await world.make('a');
    await world.make('b');
    for (const used of ['full', 'full', 'b', 'b']) world.usage.record(used);

    await world.make('c');

    assert.equal(world.registry.get('a')?.state, 'retired');
    assert.match(world.registry.get('a')!.detail!, /maxWarmBytes/);
    assert.deepEqual([...world.held.keys()].sort(), ['b', 'c', 'full']);

    assert.equal(world.roster.isOnItsWay('a'), true);
    assert.equal(world.roster.isOnItsWay('c'), false);
    while (world.registry.get('a')?.state !== 'active') await new Promise(setImmediate);
    assert.equal(world.registry.get('c')?.state, 'retired', 'the least used one now');
    assert.equal(world.registry.get('a')?.detail, undefined);
  });

  it('refuses a variant for which all the others together leave no room', async () => {
    const world = new RosterWorld({ maxWarmBytes: 200 });
    await assert.rejects(world.make('huge', { big: true }), conflict);
    assert.equal(world.registry.get('huge'), undefined);
    assert.deepEqual(world.scheduled, ['full']);
  });

  it('does not load what was retired by wish for a request that names it', async () => {
    const world = new RosterWorld();
    await world.make('small');
    await world.roster.retire('small');
    assert.equal(world.roster.isOnItsWay('small'), false);
  });

  it('takes a variant out of service that a worker in service cannot load', async () => {
    const world = new RosterWorld();
    await world.make('small');
    world.roster.fail('small', 'its file is gone');
    world.roster.fail('small', 'its file is gone');
    assert.deepEqual(world.scheduled, ['full']);
    world.registry.request('next');
    world.roster.fail('next', 'told by the load');
    assert.equal(world.registry.get('next')?.state, 'requested');
  });
});
