/**
 * Ids of leases say which type they belong to, so that whoever ends one needs no directory, and are random,
 * so that nobody makes up another's: `l-task_router-` and 32 hex digits.
 */
export const LEASE_ID_PATTERN = /^l-([a-z][a-z0-9_]{0,63})-[0-9a-f]{32}$/;

/** `random` is 32 hex digits that nobody can guess. */
export const leaseIdOf = (type: string, random: string): string => `l-${type}-${random}`;

/** The component type that an id names; undefined when it is no lease's. Whether there is such a type is not asked here. */
export const typeOfLease = (id: string): string | undefined => LEASE_ID_PATTERN.exec(id)?.[1];
