import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Locked {
  readonly version: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
}

const KINDS = ['dependencies', 'devDependencies', 'optionalDependencies'] as const;
type Kind = (typeof KINDS)[number];

const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
const manifest = read('package.json') as Record<Kind, Record<string, string>>;
const lock = read('package-lock.json') as { packages: Record<string, Locked> };
const locked = Object.entries(lock.packages).filter(([path]) => path !== '');
const runtime = locked.filter(([, { dev, optional }]) => !dev && !optional).map(([path]) => nameOf(path));

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

describe('the supply chain', () => {
  it('is pinned exactly', () => {
    const versions = KINDS.flatMap((kind) => Object.entries(manifest[kind]));
    expect(versions.filter(([, version]) => !/^(npm:@?[\w/-]+@)?\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it('is locked by content, from no particular host', () => {
    expect(locked.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([path]) => path)).toEqual([]);
    expect(locked.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
  });

  it('runs no install scripts', () => {
    expect(readFileSync('.npmrc', 'utf8')).toMatch(/^ignore-scripts=true$/m);
  });

  it('brings few packages into the Worker', () => {
    expect(Object.keys(manifest.dependencies)).toEqual([
      '@cfworker/json-schema',
      '@hono/zod-openapi',
      'hono',
      'standardwebhooks',
      'zod',
    ]);
    expect(runtime.length).toBeLessThanOrEqual(11);
  });

  it('is listed by `npm run sbom`', () => {
    const printed = execFileSync('npm', ['run', '--silent', 'sbom'], {
      encoding: 'utf8',
      shell: process.platform === 'win32',
    });
    const bill = JSON.parse(printed) as { bomFormat: string; components: { name: string; scope: string }[] };
    expect(bill.bomFormat).toBe('CycloneDX');
    const required = bill.components.filter(({ scope }) => scope === 'required').map(({ name }) => name);
    expect(required.toSorted()).toEqual(runtime.toSorted());
    // One version that is installed in two places is one component.
    const distinct = new Set(locked.map(([path, { version }]) => `${nameOf(path)}@${version}`));
    expect(bill.components.length).toBeGreaterThanOrEqual(distinct.size);
    // npm starts twice, which takes many seconds on a busy machine.
  }, 120_000);
});
