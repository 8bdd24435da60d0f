/**
 * Isolates that route work of a type, as its registry sees them. Assigns each isolate the lowest free number and its
 * share of the assignments. Apertures are computed from both.
 */
import type { EdgeMember } from './aperture.ts';

interface Edge {
  readonly number: number;
  /** Moving average of its assignments a second. */
  assignmentsPerSecond: number;
  seenAt: number;
}

export type EdgeMembership = Map<string, Edge>;

/** An isolate that has not synchronised for this long is removed, and its number becomes free. */
const EXPIRY_MS = 10_000;
/** Time constant of the moving average. */
const TIME_CONSTANT_MS = 5_000;

/**
 * Records a synchronisation of an isolate and the number of its assignments since the previous one. Returns its number
 * and share.
 */
export function join(membership: EdgeMembership, id: string, assignments: number, now: number): EdgeMember {
  for (const [other, { seenAt }] of membership) if (Math.abs(now - seenAt) > EXPIRY_MS) membership.delete(other);
  const edge = membership.get(id) ?? { number: freeNumber(membership), assignmentsPerSecond: 0, seenAt: now - 1_000 };
  const sinceMs = Math.max(1, now - edge.seenAt);
  const weight = 1 - Math.exp(-sinceMs / TIME_CONSTANT_MS);
  edge.assignmentsPerSecond += weight * ((1_000 * assignments) / sinceMs - edge.assignmentsPerSecond);
  edge.seenAt = now;
  membership.set(id, edge);
  let total = 0;
  for (const { assignmentsPerSecond } of membership.values()) total += assignmentsPerSecond;
  return { number: edge.number, share: total > 0 ? edge.assignmentsPerSecond / total : null };
}

/** Time since the last synchronisation of an isolate, ms; 0 for an unknown one. */
export const sinceLastSync = (membership: EdgeMembership, id: string | undefined, now: number): number =>
  Math.max(0, now - ((id === undefined ? undefined : membership.get(id)?.seenAt) ?? now));

function freeNumber(membership: EdgeMembership): number {
  const used = new Set(Array.from(membership.values(), ({ number }) => number));
  let number = 0;
  while (used.has(number)) number += 1;
  return number;
}
