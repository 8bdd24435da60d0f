/** An identifier as plain words: "health_check_failure" becomes "health check failure". */
export const plainWords = (name: string): string => name.replaceAll(/[_-]+/g, ' ');
