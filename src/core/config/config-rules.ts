/**
 * Cross-field rules of the configuration: effective settings after defaults, request types across all types, and the
 * number of types. The coordinator applies these rules, `judge-values.ts` and `judge-components.ts` before it stores
 * a document.
 */
import { requestTypesOf, typeNames } from './component-types.ts';
import type { ConfigDocuments, ConfigScope } from './config-documents.ts';
import { documentOf } from './config-documents.ts';
import { resolveConfig } from './effective-config.ts';
import type { GlobalConfig, SettingName } from './settings.ts';
import type { SystemConfig } from './system-config.ts';

export interface ConfigFault {
  /** Path within the document that the caller wrote. */
  readonly path: string;
  readonly message: string;
}

export interface ConfigConflict {
  readonly reason: 'invalid-request' | 'request-type-conflict' | 'type-limit' | 'too-many-affected';
  readonly faults: readonly ConfigFault[];
}

const MAX_TYPES = 64;
/** Minimum detection time in ms, apart from the age of a snapshot: see `../health/schedule.ts`. */
const MIN_DETECTION_OVERHEAD_MS = 5_000;
/** Verification checks once a second. Starting it and reporting its result take up to one more second per check. */
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
      maxDetectionMs === 0 || maxDetectionMs >= snapshotMaxAgeMs + MIN_DETECTION_OVERHEAD_MS,
    message: ({ maxDetectionMs, snapshotMaxAgeMs }) =>
      `maxDetectionMs must be 0 or at least ${MIN_DETECTION_OVERHEAD_MS} ms more than snapshotMaxAgeMs: ` +
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

/** Settings that at least one rule reads. */
export const RULE_SETTINGS: readonly SettingName[] = [...new Set(RULES.flatMap(({ settings }) => settings))];

/** Rule violations of an effective configuration. Each fault names a field of `written`, if `written` sets one. */
export const ruleFaults = (config: SystemConfig, written: GlobalConfig, suffix: string): ConfigFault[] =>
  RULES.filter((rule) => !rule.isMet(config)).map((rule) => {
    const path = rule.settings.find((name) => written[name] !== undefined) ?? rule.settings[0]!;
    return { path, message: `${rule.message(config)}${suffix}` };
  });

/** The shortest verification time of any action that is verified, ms; Infinity if there is none. */
const shortestProofMs = ({ recovery }: SystemConfig): number =>
  Math.min(
    ...Object.values(recovery).flatMap(({ actions }) =>
      actions.map(({ verifyMs }) => (verifyMs === 0 ? Infinity : verifyMs)),
    ),
  );

/** The reason to refuse `documents`, in which the one at `scope` is new; null if they are valid. */
export function judgeDocuments(documents: ConfigDocuments, scope: ConfigScope): ConfigConflict | null {
  const names = typeNames(documents);
  if (names.length > MAX_TYPES) {
    const message = `there are already ${names.length - 1} component types, the maximum`;
    return { reason: 'type-limit', faults: [{ path: '', message }] };
  }
  const faults = settingFaults(documents, scope);
  if (faults.length > 0) return { reason: 'invalid-request', faults };
  const duplicates = scope.kind === 'type' ? duplicateRequestTypeFaults(documents, scope.type, names) : [];
  return duplicates.length > 0 ? { reason: 'request-type-conflict', faults: duplicates } : null;
}

function settingFaults(documents: ConfigDocuments, scope: ConfigScope): ConfigFault[] {
  const { global, types } = resolveConfig(documents);
  const written: GlobalConfig = documentOf(documents, scope).document;
  const faultsOf = (config: SystemConfig, suffix: string): ConfigFault[] => ruleFaults(config, written, suffix);
  if (scope.kind === 'type') return faultsOf(types.get(scope.type)!.config, '');
  const faults = faultsOf(global, '');
  if (faults.length > 0) return faults;
  return Array.from(types.values()).flatMap(({ name, config }) => faultsOf(config, ` (for ${name})`));
}

/** Faults for request types of `type` that another type already serves. */
function duplicateRequestTypeFaults(documents: ConfigDocuments, type: string, names: readonly string[]): ConfigFault[] {
  const isExplicit = documents.types.get(type)?.document.requestTypes !== undefined;
  return requestTypesOf(documents, type).flatMap((requestType, at) => {
    const otherType = names.find((name) => name !== type && requestTypesOf(documents, name).includes(requestType));
    const path = isExplicit ? `requestTypes[${at}]` : 'requestTypes';
    return otherType === undefined ? [] : [{ path, message: `${requestType} reaches ${otherType}` }];
  });
}
