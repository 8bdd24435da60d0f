/** A name made for programs as words: "health_check_failure" → "health check failure". */
export const plainWords = (name: string): string => name.replaceAll(/[_-]+/g, ' ');
