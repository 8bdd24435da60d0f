/** The audit as callers see it. */
import * as z from 'zod';
import { AUDIT_ACTIONS } from '../../core/access/audit-entry.ts';
import { PageQuerySchema, PeriodSchema, TimestampSchema, pageOf } from './common.ts';

const AuditActionSchema = z.enum(AUDIT_ACTIONS).meta({ id: 'AuditAction' });

const AuditEntrySchema = z
  .object({
    id: z.string(),
    at: TimestampSchema,
    actor: z.object({
      keyId: z.string().meta({ description: '`root` for the admin key of the deployment, `system` for ourselves.' }),
      keyName: z.string(),
      address: z.string().nullable(),
      requestId: z.string(),
    }),
    action: AuditActionSchema,
    subject: z.string().meta({
      description: 'What was changed: the id of a component, key or recovery. Of an incident: its component.',
    }),
    before: z
      .unknown()
      .meta({ description: 'As it was, of an update only what differs; null where there was nothing.' }),
    after: z.unknown().meta({ description: 'As it is since; null where there is nothing.' }),
  })
  .meta({ id: 'AuditEntry' });

export const AuditPageSchema = pageOf(AuditEntrySchema);

export const AuditQuerySchema = PageQuerySchema.extend({
  keyId: z.string().max(64).optional(),
  action: AuditActionSchema.optional(),
  subject: z.string().max(128).optional(),
  ...PeriodSchema.shape,
});
