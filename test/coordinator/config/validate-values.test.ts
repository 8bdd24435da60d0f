import { describe, expect, it } from 'vitest';
import { validateValues } from '../../../src/coordinator/config/validate-values.ts';

describe('validateValues', () => {
  it('returns all faults with their paths', () => {
    const schema = { properties: { pool: { required: ['size'], properties: { name: { type: 'string' } } } } };
    const faults = validateValues(schema, { pool: { name: 3 } });
    expect(faults.map(({ path }) => path).toSorted()).toEqual(['values.pool', 'values.pool.name']);
    expect(validateValues(schema, { pool: { name: 'a', size: 1 } })).toEqual([]);
  });

  it('returns only the first fault where collecting all would need too much memory', () => {
    const names = Array.from({ length: 3_000 }, (_, at) => at.toString(36));
    const schema = { properties: { a: { items: { required: names } } } };
    const faults = validateValues(schema, { a: Array.from({ length: 5_000 }, () => ({})) });
    expect(faults.length).toBeGreaterThan(0);
    expect(new Set(faults.map(({ path }) => path))).toEqual(new Set(['values.a.0']));
  });

  it('accepts values that conform to a large schema', () => {
    const properties = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`p${at}`, { type: 'integer' }]));
    const schema = { items: false, properties, required: Object.keys(properties) };
    const values = Object.fromEntries(Object.keys(properties).map((name) => [name, 1]));
    expect(validateValues(schema, values)).toEqual([]);
    expect(validateValues(schema, { ...values, p3: 'x' })).toMatchObject([{ path: 'values.p3' }]);
  });
});
