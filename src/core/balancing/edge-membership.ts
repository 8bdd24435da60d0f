/**
 * Who decides at the edge, as a registry sees it: gives each of them a number, as low as can be, and says which
 * part of the work each gives. What segments are cut by.
 */
import type { EdgeMember } from './aperture.ts';

interface Edge {
  readonly number: number;
  /** Work given a second, lately. */
  pace: number;
  seenAt: number;
}

export type EdgeMembership = Map<string, Edge>;

/** An edge that has not asked for so long is gone, and its number free. */
const GONE_MS = 10_000;
/** How far back the pace looks. */
const SPAN_MS = 5_000;

/** Notes that an edge asked, having given so much since it asked last; answers what it is to others. */
export function join(roll: EdgeMembership, id: string, given: number, now: number): EdgeMember {
  for (const [other, { seenAt }] of roll) if (Math.abs(now - seenAt) > GONE_MS) roll.delete(other);
  const edge = roll.get(id) ?? { number: freeNumber(roll), pace: 0, seenAt: now - 1_000 };
  const sinceMs = Math.max(1, now - edge.seenAt);
  const weight = 1 - Math.exp(-sinceMs / SPAN_MS);
  edge.pace += weight * ((1_000 * given) / sinceMs - edge.pace);
  edge.seenAt = now;
  roll.set(id, edge);
  let total = 0;
  for (const { pace } of roll.values()) total += pace;
  return { number: edge.number, share: total > 0 ? edge.pace / total : null };
}

function freeNumber(roll: EdgeMembership): number {
  const taken = new Set(Array.from(roll.values(), ({ number }) => number));
  let number = 0;
  while (taken.has(number)) number += 1;
  return number;
}
