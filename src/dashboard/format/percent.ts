/** A percentage such as "99.95 %", rounded down, so that 100 stays what it says; a dash when it is not known. */
export const formatPercent = (percent: number | null): string =>
  percent === null ? '–' : `${Math.floor(percent * 100) / 100} %`;
