/**
 * Preferences of a caller. Preferences narrow the choice while any component meets them. Otherwise the decision drops
 * them together and names them, unless `strict`. A component that meets them counts even if it is full.
 *
 * A preferred component does not narrow the choice but comes before all other preferences. Under `strict` no other
 * component is accepted, and the preferred one must meet the others.
 */
import type { Candidate } from './candidate.ts';

export interface Preferences {
  readonly preferredComponent?: string | undefined;
  readonly avoidComponents?: readonly string[] | undefined;
  /** Percent. */
  readonly maxLoad?: number | undefined;
  readonly location?: string | undefined;
  /** Task types or capability flags. A component must have all of them. */
  readonly capabilities?: readonly string[] | undefined;
  /** Metadata as text. A component must match all entries. A value that is not text is compared as JSON. */
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

/** The first preference that the candidate does not meet; null if all are met. */
export function unmetPreference(
  candidate: Candidate,
  preferences: Preferences,
  loadPercent: number,
): PreferenceName | null {
  if (preferences.avoidComponents?.includes(candidate.id)) return 'avoidComponents';
  if (preferences.maxLoad !== undefined && loadPercent > preferences.maxLoad) return 'maxLoad';
  if (preferences.location !== undefined && candidate.location !== preferences.location) return 'location';
  if (preferences.capabilities?.some((name) => !hasCapability(candidate, name))) return 'capabilities';
  if (preferences.match && !matchesMetadata(candidate, preferences.match)) return 'match';
  if (preferences.strict && isNotPreferred(preferences, candidate.id)) return 'preferredComponent';
  return null;
}

/** Whether any preference narrows the choice. */
export const enforcesPreferences = (preferences: Preferences): boolean =>
  preferences.avoidComponents !== undefined ||
  preferences.maxLoad !== undefined ||
  preferences.location !== undefined ||
  preferences.capabilities !== undefined ||
  preferences.match !== undefined ||
  (preferences.strict === true && preferences.preferredComponent !== undefined);

/** Whether any preference is set. */
export const isExpressed = (preferences: Preferences): boolean =>
  preferences.preferredComponent !== undefined || enforcesPreferences(preferences);

/** Whether the caller prefers another component to this one. */
const isNotPreferred = (preferences: Preferences, id: string): boolean =>
  preferences.preferredComponent !== undefined && preferences.preferredComponent !== id;

/** Load of a component in percent: known and estimated together, and the known part. */
export interface LoadPercent {
  readonly total: number;
  readonly known: number;
}

/**
 * The preferences that the decision for this component dropped: another preferred component, a `maxLoad` that only
 * estimated load exceeds, or all that were set.
 */
export function relaxedFor(chosen: Candidate, preferences: Preferences, load: LoadPercent): PreferenceName[] {
  const names: PreferenceName[] = isNotPreferred(preferences, chosen.id) ? ['preferredComponent'] : [];
  if (unmetPreference(chosen, preferences, load.total) === null) return names;
  if (unmetPreference(chosen, preferences, load.known) === null) return [...names, 'maxLoad'];
  if (preferences.avoidComponents?.length) names.push('avoidComponents');
  if (preferences.maxLoad !== undefined) names.push('maxLoad');
  if (preferences.location !== undefined) names.push('location');
  if (preferences.capabilities?.length) names.push('capabilities');
  if (preferences.match && Object.keys(preferences.match).length > 0) names.push('match');
  return names;
}

const hasCapability = (candidate: Candidate, name: string): boolean =>
  candidate.taskTypes.includes(name) || candidate.flags.includes(name);

/** Metadata as text. A component must match all entries. A value that is not text is compared as JSON. */
export const matchesMetadata = ({ metadata }: Candidate, match: Readonly<Record<string, string>>): boolean =>
  Object.keys(match).every((key) => {
    const actual = Object.hasOwn(metadata, key) ? metadata[key] : undefined;
    return actual !== undefined && (typeof actual === 'string' ? actual : JSON.stringify(actual)) === match[key];
  });
