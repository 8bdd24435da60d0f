/** Wire schemas of the audit log. */
import * as z from 'zod';
import { AUDIT_ACTIONS } from '../../core/access/audit-entry.ts';
import { PageQuerySchema, PeriodSchema, TimestampSchema, pageOf } from './common.ts';

const AuditActionSchema = z.enum(AUDIT_ACTIONS).meta({ id: 'AuditAction' });

const AuditEntrySchema = z
  .object({
    id: z.string(),
    at: TimestampSchema,
    actor: z.object({
      keyId: z
        .string()
        .meta({ description: '`root`: the admin key of the deployment. `system`: the coordinator itself.' }),
      keyName: z.string(),
      address: z.string().nullable(),
      requestId: z.string(),
    }),
    action: AuditActionSchema,
    subject: z.string().meta({
      description: 'Id of the changed component, key or recovery. For an incident: id of its component.',
    }),
    before: z.unknown().meta({
      description: 'State before the change, for an update only the fields that differ. Null if there was none.',
    }),
    after: z.unknown().meta({ description: 'State after the change. Null if there is none.' }),
  })
  .meta({ id: 'AuditEntry' });

export const AuditPageSchema = pageOf(AuditEntrySchema);

export const AuditQuerySchema = PageQuerySchema.extend({
  keyId: z.string().max(64).optional(),
  action: AuditActionSchema.optional(),
  subject: z.string().max(128).optional(),
  ...PeriodSchema.shape,
});
