/**
 * Which room may import which: arrows point one way, towards the core.
 * A file's room is its first folder under `src`; every room may import itself.
 */
import { posix } from 'node:path';
import type { Import } from './read-imports.ts';

interface Rule {
  /** Rooms it may import from. */
  readonly rooms: readonly string[];
  /** Folders it may import types from, and nothing that is left at run time. */
  readonly typesOf?: readonly string[];
}

const TYPES: readonly string[] = ['api/schemas', 'core'];

const RULES: Readonly<Record<string, Rule>> = {
  core: { rooms: [] },
  'long-poll': { rooms: [] },
  outbound: { rooms: ['core'] },
  probe: { rooms: ['core', 'outbound'] },
  history: { rooms: ['core'] },
  coordinator: { rooms: ['long-poll', 'core'] },
  registry: { rooms: ['long-poll', 'probe', 'core'] },
  edge: { rooms: ['long-poll', 'registry', 'coordinator', 'core'] },
  audit: { rooms: ['edge', 'coordinator', 'history', 'core'] },
  recovery: { rooms: ['edge', 'registry', 'coordinator', 'history', 'outbound', 'core'] },
  deliveries: { rooms: ['coordinator', 'history', 'outbound', 'core'] },
  sweep: {
    rooms: ['audit', 'edge', 'registry', 'coordinator', 'history', 'recovery', 'deliveries', 'outbound', 'core'],
  },
  api: { rooms: ['long-poll', 'audit', 'edge', 'registry', 'coordinator', 'history', 'outbound', 'core'] },
  client: { rooms: [], typesOf: TYPES },
  dashboard: { rooms: ['client'], typesOf: TYPES },
  dev: { rooms: ['client', 'demo'], typesOf: TYPES },
  demo: { rooms: ['client', 'dev', 'core'], typesOf: TYPES },
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

const roomOf = (file: string): string => (file.includes('/') ? file.slice(0, file.indexOf('/')) : '');
const isWithin = (file: string, folder: string): boolean => file.startsWith(`${folder}/`);

/** What is wrong with `file` (a path under `src`) importing `imported`, or null. */
export function judgeImport(file: string, imported: Import): string | null {
  const { specifier, typeOnly } = imported;
  if (file === 'index.ts') return null;
  const room = roomOf(file);
  const rule = RULES[room];
  if (!rule) return `${file} belongs to no known room`;

  if (!specifier.startsWith('.')) {
    const allowed = room !== 'core' || (specifier === CORE_PACKAGE && CORE_PACKAGE_FILES.includes(file));
    return allowed ? null : `${file} imports the package ${specifier}`;
  }
  const target = posix.join(posix.dirname(file), specifier);
  if (target.startsWith('..')) return `${file} imports ${target}, which is outside src`;
  if ([room, ...rule.rooms].includes(roomOf(target))) return null;
  const typesAllowed = rule.typesOf?.some((folder) => isWithin(target, folder)) ?? false;
  if (typesAllowed && typeOnly) return null;
  return `${file} imports ${target}${typesAllowed ? ' for more than its types' : ''}`;
}
