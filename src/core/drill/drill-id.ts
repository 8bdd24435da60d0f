/** Drill ids contain the type, so that a lookup needs no directory: `d-task_router-` and 32 hex digits. */
export const DRILL_ID_PATTERN = /^d-([a-z][a-z0-9_]{0,63})-[0-9a-f]{32}$/;

export const drillIdOf = (type: string, digits: string): string => `d-${type}-${digits}`;

/** The type in the id, which may not exist; undefined when the id is malformed. */
export const typeOfDrill = (id: string): string | undefined => DRILL_ID_PATTERN.exec(id)?.[1];
