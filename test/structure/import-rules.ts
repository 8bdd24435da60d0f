/**
 * Which folder may import which: arrows point one way, towards the core.
 *
 * A file's module is its first folder under `src`. A module may import itself and the modules listed for it. Inside a
 * module with an order of folders, a folder may import only folders of a lower row; files beside the folders import all.
 * Of the two Durable Objects other modules see the contract alone.
 */
import { posix } from 'node:path';
import type { Import } from './read-imports.ts';

interface Rule {
  /** Modules, or folders of modules, that it may import. */
  readonly imports: readonly string[];
  /** Folders of which it may import types, and nothing that is left at run time. */
  readonly typesOf?: readonly string[];
}

const TYPES: readonly string[] = ['api/schemas', 'core'];
const CONTRACTS: readonly string[] = ['registry/contract', 'coordinator/contract'];

const RULES: Readonly<Record<string, Rule>> = {
  core: { imports: [] },
  logging: { imports: [] },
  alarm: { imports: [] },
  'long-poll': { imports: [] },
  outbound: { imports: ['core'] },
  probe: { imports: ['core', 'outbound', 'logging'] },
  history: { imports: ['core'] },
  coordinator: { imports: ['alarm', 'long-poll', 'core', 'logging'] },
  registry: { imports: ['alarm', 'long-poll', 'probe', 'core', 'logging'] },
  edge: { imports: ['long-poll', ...CONTRACTS, 'core', 'logging'] },
  audit: { imports: ['edge', ...CONTRACTS, 'history', 'core', 'logging'] },
  recovery: { imports: ['edge', ...CONTRACTS, 'history', 'outbound', 'core', 'logging'] },
  deliveries: { imports: ['coordinator/contract', 'history', 'outbound', 'core', 'logging'] },
  sweep: {
    imports: ['audit', 'edge', ...CONTRACTS, 'history', 'recovery', 'deliveries', 'outbound', 'core', 'logging'],
  },
  api: { imports: ['long-poll', 'audit', 'edge', ...CONTRACTS, 'history', 'outbound', 'core', 'logging'] },
  client: { imports: [], typesOf: TYPES },
  dashboard: { imports: ['client'], typesOf: TYPES },
  dev: { imports: ['client', 'demo'], typesOf: TYPES },
  demo: { imports: ['client', 'dev', 'core'], typesOf: TYPES },
};

/** Folders of a module from top to bottom; folders of one row do not import each other. */
const FOLDER_ORDER: Readonly<Record<string, readonly (readonly string[])[]>> = {
  registry: [
    ['leases'],
    ['snapshot'],
    ['health', 'membership'],
    ['recovery'],
    ['limits'],
    ['state'],
    ['contract', 'storage'],
  ],
  coordinator: [
    ['health', 'webhooks'],
    ['config', 'events', 'incidents'],
    ['directory', 'keys'],
    ['audit'],
    ['contract'],
  ],
  api: [['fast-path', 'routes'], ['use-cases'], ['middleware', 'resources'], ['auth'], ['http'], ['schemas']],
};

/** The one package the core imports, and the files that may. */
const CORE_PACKAGE = 'zod';
const CORE_PACKAGE_FILES: readonly string[] = [
  'core/component/health-check.ts',
  'core/component/registration.ts',
  'core/config/bounds.ts',
  'core/config/recovery-settings.ts',
  'core/config/settings.ts',
  'core/json-schema.ts',
];

const moduleOf = (file: string): string => (file.includes('/') ? file.slice(0, file.indexOf('/')) : '');
const isWithin = (file: string, folder: string): boolean => file.startsWith(`${folder}/`);

/** The row of a file's folder within its module: 0 is the top; -1 for files beside the folders; null without an order. */
function rowOf(file: string): number | null {
  const order = FOLDER_ORDER[moduleOf(file)];
  if (!order) return null;
  const [, folder = '', ...rest] = file.split('/');
  if (rest.length === 0) return -1;
  const row = order.findIndex((folders) => folders.includes(folder));
  return row === -1 ? Infinity : row;
}

const folderOf = (file: string): string => file.split('/').slice(0, 2).join('/');

/** Null when `file` may import `target` of its own module. */
function judgeOrder(file: string, target: string): string | null {
  const [from, to] = [rowOf(file), rowOf(target)];
  if (from === null || to === null || from === -1) return null;
  if (from === Infinity || to === Infinity) return `${file} or ${target} lies in a folder without a place in the order`;
  if (folderOf(file) === folderOf(target) || to > from) return null;
  return `${file} imports ${target}, which is not below it`;
}

/** Why `file` (a path under `src`) must not import `imported`, or null when it may. */
export function judgeImport(file: string, imported: Import): string | null {
  const { specifier, typeOnly } = imported;
  if (file === 'index.ts') return null;
  const module = moduleOf(file);
  const rule = RULES[module];
  if (!rule) return `${file} belongs to no known module`;

  if (!specifier.startsWith('.')) {
    const allowed = module !== 'core' || (specifier === CORE_PACKAGE && CORE_PACKAGE_FILES.includes(file));
    return allowed ? null : `${file} imports the package ${specifier}`;
  }
  const target = posix.join(posix.dirname(file), specifier);
  if (target.startsWith('..')) return `${file} imports ${target}, which is outside src`;
  if (moduleOf(target) === module) return judgeOrder(file, target);
  if (rule.imports.some((folder) => isWithin(target, folder))) return null;
  const typesAllowed = rule.typesOf?.some((folder) => isWithin(target, folder)) ?? false;
  if (typesAllowed && typeOnly) return null;
  return `${file} imports ${target}${typesAllowed ? ' for more than its types' : ''}`;
}
