/**
 * What may not be together though each part is well by itself: settings in force once defaults are filled in, request
 * types over all types, how many types there are. Asked before a document is stored; `judge-values.ts` and
 * `judge-components.ts` are asked too.
 */
import { requestTypesOf, typeNames } from './component-types.ts';
import type { ConfigDocuments, ConfigScope } from './config-documents.ts';
import { documentOf } from './config-documents.ts';
import { resolveConfig } from './effective-config.ts';
import type { GlobalConfig, SettingName } from './settings.ts';
import type { SystemConfig } from './system-config.ts';

export interface ConfigFault {
  /** Within the document that was put. */
  readonly path: string;
  readonly message: string;
}

export interface ConfigConflict {
  readonly reason: 'invalid-request' | 'request-type-taken' | 'type-limit' | 'too-much-concerned';
  readonly faults: readonly ConfigFault[];
}

const MAX_TYPES = 64;
/** What detection takes at the quickest beside the age of a snapshot: see `../health/schedule.ts`. */
const QUICKEST_DETECTION_MS = 5_000;
/** Proof comes from checks once a second, and takes as long again to be begun and told. */
const PROOF_MS_PER_CHECK = 2_000;

interface Rule {
  readonly settings: readonly SettingName[];
  readonly isMet: (config: SystemConfig) => boolean;
  readonly message: (config: SystemConfig) => string;
}

const RULES: readonly Rule[] = [
  {
    settings: ['maxDetectionMs', 'snapshotMaxAgeMs'],
    isMet: ({ maxDetectionMs, snapshotMaxAgeMs }) =>
      maxDetectionMs === 0 || maxDetectionMs >= snapshotMaxAgeMs + QUICKEST_DETECTION_MS,
    message: ({ maxDetectionMs, snapshotMaxAgeMs }) =>
      `maxDetectionMs must be 0 or at least ${QUICKEST_DETECTION_MS} ms more than snapshotMaxAgeMs: ` +
      `${maxDetectionMs} with ${snapshotMaxAgeMs}`,
  },
  {
    settings: ['recoveryTimeout', 'healthyThreshold'],
    isMet: ({ recoveryTimeout, healthyThreshold }) => recoveryTimeout >= healthyThreshold * PROOF_MS_PER_CHECK,
    message: ({ recoveryTimeout, healthyThreshold }) =>
      `recoveryTimeout must leave ${PROOF_MS_PER_CHECK} ms for each of healthyThreshold checks: ` +
      `${recoveryTimeout} with ${healthyThreshold}`,
  },
  {
    settings: ['recovery', 'healthyThreshold'],
    isMet: (config) => shortestProofMs(config) >= config.healthyThreshold * PROOF_MS_PER_CHECK,
    message: (config) =>
      `verifyMs of recovery must be 0 or leave ${PROOF_MS_PER_CHECK} ms for each of healthyThreshold checks: ` +
      `${shortestProofMs(config)} with ${config.healthyThreshold}`,
  },
];

/** Settings that rules are about. */
export const RULE_SETTINGS: readonly SettingName[] = [...new Set(RULES.flatMap(({ settings }) => settings))];

/** What in a configuration breaks a rule, said of the document that was put. */
export const ruleFaults = (config: SystemConfig, put: GlobalConfig, where: string): ConfigFault[] =>
  RULES.filter((rule) => !rule.isMet(config)).map((rule) => {
    const path = rule.settings.find((name) => put[name] !== undefined) ?? rule.settings[0]!;
    return { path, message: `${rule.message(config)}${where}` };
  });

/** The least that an action which is to be proven has for it. */
const shortestProofMs = ({ recovery }: SystemConfig): number =>
  Math.min(
    ...Object.values(recovery).flatMap(({ actions }) =>
      actions.map(({ verifyMs }) => (verifyMs === 0 ? Infinity : verifyMs)),
    ),
  );

/** Why the documents may not become so by the one that was put at `scope`; null when they may. */
export function judgeDocuments(documents: ConfigDocuments, scope: ConfigScope): ConfigConflict | null {
  const names = typeNames(documents);
  if (names.length > MAX_TYPES) {
    const message = `there are ${names.length - 1} component types, the most allowed`;
    return { reason: 'type-limit', faults: [{ path: '', message }] };
  }
  const faults = settingFaults(documents, scope);
  if (faults.length > 0) return { reason: 'invalid-request', faults };
  const taken = scope.kind === 'type' ? takenFaults(documents, scope.type, names) : [];
  return taken.length > 0 ? { reason: 'request-type-taken', faults: taken } : null;
}

function settingFaults(documents: ConfigDocuments, scope: ConfigScope): ConfigFault[] {
  const { global, types } = resolveConfig(documents);
  const put: GlobalConfig = documentOf(documents, scope).document;
  const faultsOf = (config: SystemConfig, where: string): ConfigFault[] => ruleFaults(config, put, where);
  if (scope.kind === 'type') return faultsOf(types.get(scope.type)!.config, '');
  const faults = faultsOf(global, '');
  if (faults.length > 0) return faults;
  return Array.from(types.values()).flatMap(({ name, config }) => faultsOf(config, ` (for ${name})`));
}

/** Request types of this type that reach another already. */
function takenFaults(documents: ConfigDocuments, type: string, names: readonly string[]): ConfigFault[] {
  const isGiven = documents.types.get(type)?.document.requestTypes !== undefined;
  return requestTypesOf(documents, type).flatMap((requestType, at) => {
    const holder = names.find((name) => name !== type && requestTypesOf(documents, name).includes(requestType));
    const path = isGiven ? `requestTypes[${at}]` : 'requestTypes';
    return holder === undefined ? [] : [{ path, message: `${requestType} reaches ${holder}` }];
  });
}
