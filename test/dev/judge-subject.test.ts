import { describe, expect, it } from 'vitest';
import { judgeSubject } from '../../src/dev/judge-subject.ts';

describe('judgeSubject', () => {
  it.each([
    'Name modules after what they own',
    'Bring the simulation into CI',
    'Seed the demo with six components',
    `Add ${'x'.repeat(68)}`,
  ])('accepts %j', (subject) => expect(judgeSubject(subject)).toBeNull());

  it.each([
    [`Add ${'x'.repeat(69)}`, '73 characters'],
    ['add a lease', 'lower-case'],
    ['Add a lease.', 'full stop'],
    ['Add a lease; end another', 'several topics'],
    ['Added a lease', 'imperative'],
    ['Adding a lease', 'imperative'],
  ])('refuses %j: %s', (subject, reason) => expect(judgeSubject(subject)).toContain(reason));
});
