/** Wire schema of a dashboard session. */
import * as z from 'zod';
import { TimestampSchema } from './common.ts';

export const SessionSchema = z
  .object({
    keyId: z.string(),
    keyName: z.string(),
    scopes: z.array(z.string()),
    csrfToken: z
      .string()
      .meta({ description: 'Value for the `x-csrf-token` header, required in every call that changes something.' }),
    expiresAt: TimestampSchema.meta({ description: 'Latest end. The session also ends with its key.' }),
  })
  .meta({ id: 'Session' });

export type SessionResource = z.infer<typeof SessionSchema>;
