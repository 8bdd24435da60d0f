/** The page's session as the page sees it. */
import * as z from 'zod';
import { TimestampSchema } from './common.ts';

export const SessionSchema = z
  .object({
    keyId: z.string(),
    keyName: z.string(),
    scopes: z.array(z.string()),
    csrfToken: z.string().meta({ description: 'Goes into `x-csrf-token` of every call that changes something.' }),
    expiresAt: TimestampSchema.meta({ description: 'At the latest: it also ends with its key.' }),
  })
  .meta({ id: 'Session' });

export type SessionResource = z.infer<typeof SessionSchema>;
