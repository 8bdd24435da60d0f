const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/** The local time of day, "14:03:27", of an ISO 8601 time or epoch ms. */
export const formatClockTime = (time: string | number): string => CLOCK.format(new Date(time));
