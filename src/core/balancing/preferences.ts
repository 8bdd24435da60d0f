/**
 * A caller's preferences. They narrow the choice while they leave someone, and are dropped together
 * (and named) when they leave nobody, unless `strict`. A preferred component narrows nothing, it goes
 * first; under `strict` it is the only one wanted.
 */
import type { Candidate } from './candidate.ts';

export interface Preferences {
  readonly preferredComponent?: string | undefined;
  readonly avoidComponents?: readonly string[] | undefined;
  /** Percent. */
  readonly maxLoad?: number | undefined;
  readonly location?: string | undefined;
  /** Task types or capability flags, all of them wanted. */
  readonly capabilities?: readonly string[] | undefined;
  /** Metadata as text, all of it wanted; what is not text is compared as JSON. */
  readonly match?: Readonly<Record<string, string>> | undefined;
  readonly strict?: boolean | undefined;
}

export type PreferenceName =
  | 'preferredComponent'
  | 'avoidComponents'
  | 'maxLoad'
  | 'location'
  | 'capabilities'
  | 'match';

/** The first preference this candidate does not meet, or null. */
export function unmetPreference(candidate: Candidate, wanted: Preferences, loadPercent: number): PreferenceName | null {
  if (wanted.avoidComponents?.includes(candidate.id)) return 'avoidComponents';
  if (wanted.maxLoad !== undefined && loadPercent > wanted.maxLoad) return 'maxLoad';
  if (wanted.location !== undefined && candidate.location !== wanted.location) return 'location';
  if (wanted.capabilities?.some((name) => !hasCapability(candidate, name))) return 'capabilities';
  if (wanted.match && !matchesMetadata(candidate, wanted.match)) return 'match';
  if (wanted.strict && isPassedOver(wanted, candidate.id)) return 'preferredComponent';
  return null;
}

/** Whether any of them narrows the choice. */
export const enforcesPreferences = (wanted: Preferences): boolean =>
  wanted.avoidComponents !== undefined ||
  wanted.maxLoad !== undefined ||
  wanted.location !== undefined ||
  wanted.capabilities !== undefined ||
  wanted.match !== undefined ||
  (wanted.strict === true && wanted.preferredComponent !== undefined);

/** Whether anything is preferred at all. */
export const isExpressed = (wanted: Preferences): boolean =>
  wanted.preferredComponent !== undefined || enforcesPreferences(wanted);

/** Whether another component was preferred to this one. */
const isPassedOver = (wanted: Preferences, id: string): boolean =>
  wanted.preferredComponent !== undefined && wanted.preferredComponent !== id;

/** The preferences that were dropped when this one was chosen: another that was preferred, or all expressed. */
export function relaxedFor(chosen: Candidate, wanted: Preferences, loadPercent: number): PreferenceName[] {
  const names: PreferenceName[] = isPassedOver(wanted, chosen.id) ? ['preferredComponent'] : [];
  if (unmetPreference(chosen, wanted, loadPercent) === null) return names;
  if (wanted.avoidComponents?.length) names.push('avoidComponents');
  if (wanted.maxLoad !== undefined) names.push('maxLoad');
  if (wanted.location !== undefined) names.push('location');
  if (wanted.capabilities?.length) names.push('capabilities');
  if (wanted.match && Object.keys(wanted.match).length > 0) names.push('match');
  return names;
}

const hasCapability = (candidate: Candidate, name: string): boolean =>
  candidate.taskTypes.includes(name) || candidate.flags.includes(name);

/** Metadata as text, all of it wanted; what is not text is compared as JSON. */
export const matchesMetadata = ({ metadata }: Candidate, match: Readonly<Record<string, string>>): boolean =>
  Object.keys(match).every((key) => {
    const actual = Object.hasOwn(metadata, key) ? metadata[key] : undefined;
    return actual !== undefined && (typeof actual === 'string' ? actual : JSON.stringify(actual)) === match[key];
  });
