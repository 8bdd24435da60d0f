/** Wire schemas of a dashboard session and of a sign-in link. */
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

export const SignInLinkSchema = z
  .object({
    token: z
      .string()
      .meta({ description: 'Opens one session: `POST /v1/session` with `Authorization: SignIn <token>`.' }),
    url: z.string().meta({ description: 'Page of this deployment that uses the token at once.' }),
    expiresAt: TimestampSchema,
  })
  .meta({ id: 'SignInLink' });

export type SessionResource = z.infer<typeof SessionSchema>;
