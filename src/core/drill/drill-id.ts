/** Ids of drills name their type, so that finding one takes no directory: `d-task_router-` and 32 hex digits. */
export const DRILL_ID_PATTERN = /^d-([a-z][a-z0-9_]{0,63})-[0-9a-f]{32}$/;

export const drillIdOf = (type: string, digits: string): string => `d-${type}-${digits}`;

/** Whether there is such a type is not asked. */
export const typeOfDrill = (id: string): string | undefined => DRILL_ID_PATTERN.exec(id)?.[1];
