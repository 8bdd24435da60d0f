/** The configuration as callers put and read it. */
import * as z from 'zod';
import { COMPONENT_SETTINGS } from '../../core/config/component-config.ts';
import { ComponentTypeSchema } from '../../core/component/registration.ts';
import { ResponseObjectSchema } from '../../core/json-schema.ts';
import { GlobalConfigSchema, SettingsSchema, TypeConfigSchema } from '../../core/config/settings.ts';
import { TimestampSchema, pageOf } from './common.ts';

const ofComponents = Object.fromEntries(COMPONENT_SETTINGS.map((name) => [name, true])) as Record<
  (typeof COMPONENT_SETTINGS)[number],
  true
>;

export const ConfigTypeParamSchema = z.object({
  // Events and the audit call the document for all types so.
  type: ComponentTypeSchema.refine((type) => type !== 'global', 'global is no name of a component type'),
});

export const ConfigQuerySchema = z.object({
  effective: z
    .enum(['true', 'false'])
    .default('false')
    .meta({ description: 'What is in force, and who set it, instead of the document.' }),
});

export const IfMatchSchema = z.object({
  'if-match': z.string().optional().meta({ description: 'The ETag that the change is meant for.' }),
});
export const ConfigETagSchema = z.object({ etag: z.string().meta({ description: 'The revision, for If-Match.' }) });

const SourceSchema = z.enum(['default', 'global', 'type', 'component']);
const sources = z.record(z.string(), SourceSchema).meta({ description: 'Which document set each of them.' });
const values = ResponseObjectSchema.meta({ description: 'The free part, all levels merged.' });
const valueSources = z
  .record(z.string(), SourceSchema)
  .meta({ description: 'Which document set each of the values, by JSON pointer; of a list as a whole.' });

export const EffectiveConfigSchema = z
  .object({ config: SettingsSchema, sources, values, valueSources })
  .meta({ id: 'EffectiveConfig' });

export const EffectiveTypeConfigSchema = z
  .object({ config: SettingsSchema.extend({ requestTypes: z.array(z.string()) }), sources, values, valueSources })
  .meta({ id: 'EffectiveTypeConfig' });

export const EffectiveComponentConfigSchema = z
  .object({
    revision: z.int().meta({ description: 'Moves with a change at any level; the ETag, too.' }),
    type: ComponentTypeSchema,
    config: SettingsSchema.pick(ofComponents),
    sources,
    values,
    valueSources,
  })
  .meta({ id: 'EffectiveComponentConfig' });

export const WaitQuerySchema = z.object({
  revision: z.coerce
    .number<string>()
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .meta({ description: 'What the caller has: 304 when that is what is in force.' }),
  wait: z.coerce
    .number<string>()
    .int()
    .min(0)
    .max(300_000)
    .optional()
    .meta({ description: 'With `revision`: how long to wait for another one, ms; up to a sixteenth longer.' }),
});

const RevisionNumberSchema = z.int().min(1).max(Number.MAX_SAFE_INTEGER);
const RevisionTextSchema = z.coerce.number<string>().pipe(RevisionNumberSchema);

export const RevisionParamSchema = z.object({ revision: RevisionTextSchema });

export const RollbackSchema = z
  .strictObject({ revision: RevisionNumberSchema.meta({ description: 'Whose document is put anew.' }) })
  .meta({ id: 'ConfigRollback' });

export const DiffQuerySchema = z.object({
  from: RevisionTextSchema.optional().meta({ description: 'The one before `to` when left out.' }),
  to: RevisionTextSchema.optional().meta({ description: 'The one in force when left out.' }),
});

const entry = {
  revision: z.int(),
  changedAt: TimestampSchema,
  changedBy: z
    .object({ keyId: z.string(), keyName: z.string() })
    .nullable()
    .meta({ description: 'Null of what was put before this was kept.' }),
  changed: z
    .array(z.string())
    .nullable()
    .meta({ description: 'What it changed; null of what was put before this was kept.' }),
  restores: z.int().nullable().meta({ description: 'The earlier revision that a rollback brought back.' }),
};

const ConfigRevisionSchema = z.object(entry).meta({ id: 'ConfigRevision' });
export const ConfigHistoryPageSchema = pageOf(ConfigRevisionSchema).meta({ id: 'ConfigHistoryPage' });
export const KeptConfigSchema = z.object({ ...entry, document: ResponseObjectSchema }).meta({ id: 'KeptConfig' });

const PatchOperationSchema = z
  .object({ op: z.enum(['add', 'remove', 'replace']), path: z.string(), value: z.any().optional() })
  .meta({ id: 'PatchOperation' });

export const ConfigDiffSchema = z
  .object({
    from: z.int().meta({ description: '0: the empty document before the first.' }),
    to: z.int(),
    patch: z.array(PatchOperationSchema).meta({ description: 'JSON Patch (RFC 6902): what makes the one the other.' }),
  })
  .meta({ id: 'ConfigDiff' });

export type EffectiveComponentConfigResource = z.infer<typeof EffectiveComponentConfigSchema>;
export type ConfigHistoryPage = z.infer<typeof ConfigHistoryPageSchema>;
export type KeptConfig = z.infer<typeof KeptConfigSchema>;
export type ConfigDiff = z.infer<typeof ConfigDiffSchema>;
export type EffectiveConfigResource = z.infer<typeof EffectiveConfigSchema>;
export type EffectiveTypeConfigResource = z.infer<typeof EffectiveTypeConfigSchema>;

export const GlobalConfigAnswerSchema = z.union([EffectiveConfigSchema, GlobalConfigSchema]);
export const TypeConfigAnswerSchema = z.union([EffectiveTypeConfigSchema, TypeConfigSchema]);
