import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AlertRoute, Urgency } from '../../../src/core/incident/alert-route.ts';
import {
  ALERT_PRIORITIES,
  combineTargets,
  combineUrgency,
  effectivePriority,
  isMoreUrgent,
} from '../../../src/core/incident/alert-route.ts';

type Incident = Urgency & AlertRoute;

const combine = (known: Incident, further: Incident): Incident => ({
  ...combineUrgency(known, further),
  targets: combineTargets(known.targets, further.targets),
});

const incident: fc.Arbitrary<Incident> = fc.record({
  severity: fc.constantFrom('warning', 'critical'),
  priority: fc.option(fc.constantFrom(...ALERT_PRIORITIES)),
  targets: fc.option(
    fc.integer({ min: 0, max: 11 }).map((channel) => [`channel-${channel}`]),
    { freq: 20 },
  ),
});

describe('the route of an incident', () => {
  it('never loses urgency or a receiver', () => {
    fc.assert(
      fc.property(incident, incident, (known, further) => {
        const next = combine(known, further);
        const ranks = [known, further, next].map((each) => ALERT_PRIORITIES.indexOf(effectivePriority(each)));
        expect(ranks[2]).toBe(Math.max(...ranks));
        const all = [...(known.targets ?? ['any']), ...(further.targets ?? ['any'])];
        if (next.targets !== null) expect(all.every((target) => next.targets?.includes(target))).toBe(true);
        expect(combine(next, further)).toEqual(next);
      }),
    );
  });

  it('grows at most twelve times, whatever its recoveries report', () => {
    fc.assert(
      fc.property(incident, fc.array(incident, { maxLength: 60 }), (first, reports) => {
        let known = first;
        let rises = 0;
        for (const report of reports) {
          const next = combine(known, report);
          if (isMoreUrgent(known, next)) rises++;
          known = next;
        }
        expect(rises).toBeLessThanOrEqual(12);
      }),
    );
  });

  it('keeps the severity as its measure until an action gives a higher priority', () => {
    const warning = { severity: 'warning', priority: null } as const;
    const critical = { severity: 'critical', priority: null } as const;
    expect(combineUrgency(warning, { ...warning, priority: 'low' })).toEqual(warning);
    expect(combineUrgency(warning, { ...warning, priority: 'high' })).toEqual({ ...warning, priority: 'high' });
    expect(combineUrgency({ ...warning, priority: 'low' }, critical)).toEqual({ ...critical, priority: 'critical' });
    expect(combineUrgency(warning, critical)).toEqual(critical);
  });
});
