import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

describe('wrangler.toml', () => {
  it('samples the logs, and every environment inherits that', () => {
    const text = readFileSync('wrangler.toml', 'utf8');
    const tables = text.split(/^(?=\[)/m).filter((table) => table.includes('observability]'));
    expect(tables).toHaveLength(1);
    const rate = Number(/^head_sampling_rate = ([\d.]+)$/m.exec(tables.join(''))?.[1]);
    expect(rate).toBeGreaterThan(0);
    expect(rate).toBeLessThan(1);
  });
});
