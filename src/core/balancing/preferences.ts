/**
 * A caller's preferences. They narrow the choice while they leave someone, and are dropped together
 * (and named) when they leave nobody, unless `strict`.
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
  readonly strict?: boolean | undefined;
}

export type PreferenceName = 'avoidComponents' | 'maxLoad' | 'location' | 'capabilities';

/** The first preference this candidate does not meet, or null. */
export function unmetPreference(candidate: Candidate, wanted: Preferences): PreferenceName | null {
  if (wanted.avoidComponents?.includes(candidate.id)) return 'avoidComponents';
  if (wanted.maxLoad !== undefined && candidate.vitals.loadPercentage > wanted.maxLoad) return 'maxLoad';
  if (wanted.location !== undefined && candidate.location !== wanted.location) return 'location';
  if (wanted.capabilities?.some((name) => !hasCapability(candidate, name))) return 'capabilities';
  return null;
}

/** The preferences that were expressed and can be dropped, for the answer's `relaxed`. */
export function relaxable(wanted: Preferences): PreferenceName[] {
  const names: PreferenceName[] = [];
  if (wanted.avoidComponents?.length) names.push('avoidComponents');
  if (wanted.maxLoad !== undefined) names.push('maxLoad');
  if (wanted.location !== undefined) names.push('location');
  if (wanted.capabilities?.length) names.push('capabilities');
  return names;
}

const hasCapability = (candidate: Candidate, name: string): boolean =>
  candidate.taskTypes.includes(name) || candidate.flags.includes(name);
