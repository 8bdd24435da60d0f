/** A percentage such as "99.95 %", rounded down so that only a full 100 shows as "100 %"; a dash for null. */
export const formatPercent = (percent: number | null): string =>
  percent === null ? '–' : `${Math.floor(percent * 100) / 100} %`;
