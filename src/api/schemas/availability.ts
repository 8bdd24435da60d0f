import * as z from 'zod';

const percent = z.number().min(0).max(100).nullable();

export const AvailabilitySchema = z
  .object({ hour: percent, day: percent, month: percent.meta({ description: '30 days' }) })
  .meta({
    id: 'Availability',
    description: 'Percent of the time observed, three decimals, rounded down; null while nothing was observed.',
  });
