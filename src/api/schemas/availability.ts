/** Wire schema of availability. */
import * as z from 'zod';

const percent = z.number().min(0).max(100).nullable();

export const AvailabilitySchema = z
  .object({ hour: percent, day: percent, month: percent.meta({ description: 'Last 30 days.' }) })
  .meta({
    id: 'Availability',
    description: 'Percent of the observed time, three decimals, rounded down. Null while nothing has been observed.',
  });
