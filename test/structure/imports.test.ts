import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findCycles } from './find-cycles.ts';
import { judgeImport } from './import-rules.ts';
import { exportsAll, readImports } from './read-imports.ts';

const SRC = join(import.meta.dirname, '../../src');
const MAX_LINES = 400;
const MAX_FILES = 20;
/** One file per route group or schema: the reader looks them up by name. */
const LARGE_FOLDERS: readonly string[] = ['api/routes', 'api/schemas'];

const files = readdirSync(SRC, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) =>
    join(entry.parentPath, entry.name)
      .slice(SRC.length + 1)
      .replaceAll('\\', '/'),
  );
const isSource = (file: string): boolean => /\.tsx?$/.test(file) && !file.endsWith('.d.ts');
const sources = files.filter(isSource);
const read = (file: string): string => readFileSync(join(SRC, file), 'utf8');
const targetsOf = (file: string): string[] =>
  readImports(read(file))
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier }) => posix.join(posix.dirname(file), specifier));
const linesOf = (file: string): number => read(file).trimEnd().split('\n').length;

describe('the source', () => {
  it('is there to be read', () => {
    expect(sources).toContain('index.ts');
    expect(sources.filter((file) => readImports(read(file)).length > 0).length).toBeGreaterThan(sources.length / 2);
  });

  it('imports one way only', () => {
    const wrong = sources.flatMap((file) => readImports(read(file)).map((imported) => judgeImport(file, imported)));
    expect(wrong.filter((each) => each !== null)).toEqual([]);
  });

  it('has no import cycles, type imports included', () => {
    const graph = new Map(sources.map((file) => [file, targetsOf(file)]));
    expect(findCycles(graph)).toEqual([]);
  });

  it(`has no folder of more than ${MAX_FILES} files`, () => {
    const sizes = Map.groupBy(files, (file) => posix.dirname(file));
    const large = Array.from(sizes).filter(
      ([folder, { length }]) => length > MAX_FILES && !LARGE_FOLDERS.includes(folder),
    );
    expect(large.map(([folder, { length }]) => `${folder}: ${length}`)).toEqual([]);
  });

  it('has no barrels', () => {
    expect(sources.filter((file) => /(^|\/)index\.tsx?$/.test(file))).toEqual(['index.ts']);
    expect(sources.filter((file) => exportsAll(read(file)))).toEqual([]);
  });

  it(`has no file of more than ${MAX_LINES} lines`, () => {
    expect(files.filter((file) => linesOf(file) > MAX_LINES)).toEqual([]);
  });
});

describe('findCycles', () => {
  it.each([
    [
      'nothing in a chain',
      [
        ['a', 'b'],
        ['b', 'c'],
      ],
      [],
    ],
    [
      'nothing in a diamond',
      [
        ['a', 'b', 'c'],
        ['b', 'd'],
        ['c', 'd'],
      ],
      [],
    ],
    [
      'two files that import each other',
      [
        ['a', 'b'],
        ['b', 'a'],
      ],
      [['a', 'b']],
    ],
    [
      'a longer way round',
      [
        ['a', 'b'],
        ['b', 'c'],
        ['c', 'a', 'd'],
      ],
      [['a', 'b', 'c']],
    ],
    ['a file that imports itself', [['a', 'a']], [['a']]],
  ])('finds %s', (_, edges, cycles) => {
    expect(findCycles(new Map(edges.map(([file = '', ...targets]) => [file, targets])))).toEqual(cycles);
  });
});

describe('judgeImport', () => {
  const VALUE = false;
  const TYPE = true;

  it.each([
    ['core/health/check.ts', './health-state.ts', VALUE],
    ['core/health/schedule.ts', '../config/system-config.ts', VALUE],
    ['core/component/registration.ts', 'zod', VALUE],
    ['probe/prober.ts', '../core/health/check.ts', VALUE],
    ['probe/prober.ts', '../outbound/outbound-policy.ts', VALUE],
    ['outbound/fetch-outbound.ts', '../core/outbound/url-policy.ts', VALUE],
    ['probe/prober.ts', 'cloudflare:workers', VALUE],
    ['registry/state/member.ts', '../../probe/probe-runner.ts', VALUE],
    ['recovery/failure-manager.ts', '../registry/contract/registry-api.ts', VALUE],
    ['sweep/cron-sweep.ts', '../recovery/failure-manager.ts', VALUE],
    ['api/routes/failures.ts', '../../history/failure-history.ts', VALUE],
    ['client/coordinator-client.ts', '../api/schemas/component.ts', TYPE],
    ['client/coordinator-client.ts', '../core/component/registration.ts', TYPE],
    ['dashboard/session/open-client.ts', '../../client/coordinator-client.ts', VALUE],
    ['dashboard/data/dashboard-data.ts', '../../api/schemas/system.ts', TYPE],
    ['demo/fleet.ts', '../dev/free-port.ts', VALUE],
    ['index.ts', './sweep/cron-sweep.ts', VALUE],
    ['registry/component-registry.ts', './leases/leases.ts', VALUE],
    ['registry/leases/leases.ts', './lease-blocks.ts', VALUE],
    ['registry/leases/leases.ts', '../state/registry-state.ts', VALUE],
    ['coordinator/webhooks/webhooks.ts', '../events/event-store.ts', TYPE],
    ['api/routes/routing.ts', '../use-cases/route.ts', VALUE],
    ['edge/snapshot-cache.ts', '../registry/contract/registry-api.ts', VALUE],
  ])('lets %s import %s', (file, specifier, typeOnly) => {
    expect(judgeImport(file, { specifier, typeOnly })).toBeNull();
  });

  it.each([
    ['core/health/check.ts', '../../probe/prober.ts', TYPE],
    ['core/health/check.ts', 'zod', VALUE],
    ['core/component/registration.ts', 'hono', VALUE],
    ['core/health/check.ts', 'node:crypto', VALUE],
    ['core/outbound/url-policy.ts', '../../outbound/fetch-outbound.ts', VALUE],
    ['registry/state/outbox.ts', '../../outbound/fetch-outbound.ts', VALUE],
    ['outbound/fetch-outbound.ts', '../probe/prober.ts', TYPE],
    ['probe/prober.ts', '../registry/state/member.ts', TYPE],
    ['history/page.ts', '../coordinator/contract/coordinator-api.ts', VALUE],
    ['coordinator/contract/coordinator-api.ts', '../../registry/contract/registry-api.ts', TYPE],
    ['registry/state/outbox.ts', '../../recovery/failure-manager.ts', TYPE],
    ['registry/state/outbox.ts', '../../coordinator/contract/coordinator-api.ts', VALUE],
    ['registry/state/outbox.ts', '../../api/http/problem.ts', VALUE],
    ['registry/state/outbox.ts', '../../history/failure-history.ts', VALUE],
    ['recovery/incidents.ts', '../deliveries/consume-deliveries.ts', VALUE],
    ['deliveries/consume-deliveries.ts', '../registry/contract/registry-api.ts', VALUE],
    ['sweep/cron-sweep.ts', '../api/app.ts', VALUE],
    ['api/app.ts', '../recovery/failure-manager.ts', VALUE],
    ['api/app.ts', '../sweep/cron-sweep.ts', VALUE],
    ['client/coordinator-client.ts', '../core/config/component-types.ts', VALUE],
    ['client/coordinator-client.ts', '../api/http/problem.ts', TYPE],
    ['dashboard/data/dashboard-data.ts', '../../api/schemas/system.ts', VALUE],
    ['dashboard/data/dashboard-data.ts', '../../registry/contract/registry-api.ts', TYPE],
    ['demo/demo.ts', '../registry/contract/registry-api.ts', VALUE],
    ['dev/start.ts', '../registry/contract/registry-api.ts', VALUE],
    ['probe/prober.ts', '../index.ts', TYPE],
    ['probe/prober.ts', '../../test/support/health-target.ts', VALUE],
    ['helpers/strings.ts', '../core/json.ts', VALUE],
    ['registry/state/outbox.ts', '../leases/leases.ts', TYPE],
    ['registry/health/heartbeats.ts', '../membership/lifecycles.ts', TYPE],
    ['registry/contract/registry-api.ts', '../storage/sample-store.ts', TYPE],
    ['registry/leases/leases.ts', '../registry-runtime.ts', TYPE],
    ['registry/drawer/leases.ts', '../state/registry-state.ts', TYPE],
    ['coordinator/keys/keys.ts', '../webhooks/webhooks.ts', TYPE],
    ['api/http/problem.ts', '../use-cases/route.ts', VALUE],
    ['edge/snapshot-cache.ts', '../registry/state/registry-state.ts', TYPE],
    ['api/app.ts', '../coordinator/webhooks/webhook-store.ts', TYPE],
  ])('does not let %s import %s', (file, specifier, typeOnly) => {
    expect(judgeImport(file, { specifier, typeOnly })).toContain(file);
  });
});

describe('readImports', () => {
  it.each([
    ["import { a } from './a.ts';", './a.ts', false],
    ["import * as z from 'zod';", 'zod', false],
    ["import a, { b } from './a.ts';", './a.ts', false],
    ["import type { A } from './a.ts';", './a.ts', true],
    ["import { type A } from './a.ts';", './a.ts', false],
    ["import {\n  a,\n  b,\n} from './a.ts';", './a.ts', false],
    ["import type {\n  A,\n} from './a.ts';", './a.ts', true],
    ["import './style.css';", './style.css', false],
    ["export { a } from './a.ts';", './a.ts', false],
    ["export type { A } from './a.ts';", './a.ts', true],
    ["export * from './a.ts';", './a.ts', false],
    ["const a = await import('./a.ts');", './a.ts', false],
  ])('reads %j', (source, specifier, typeOnly) => {
    expect(readImports(source)).toEqual([{ specifier, typeOnly }]);
  });

  it('reads each of several, and none in comments or text', () => {
    const source = [
      "/** import { x } from './x.ts' */",
      "// import { y } from './y.ts';",
      "import { a } from './a.ts';",
      "import type { B } from './b.ts';",
      "export const url = 'https://from.example.com';",
      "export function f() { return 'from'; }",
      "export { c } from './c.ts';",
    ].join('\n');
    expect(readImports(source).map((each) => each.specifier)).toEqual(['./a.ts', './b.ts', './c.ts']);
  });

  it('knows an export of everything', () => {
    expect(exportsAll("export * from './a.ts';")).toBe(true);
    expect(exportsAll("export * as a from './a.ts';")).toBe(true);
    expect(exportsAll('export const a = 2 * 3;')).toBe(false);
  });
});
