/** Wire schemas of the configuration: documents, effective settings, revisions. */
import * as z from 'zod';
import { COMPONENT_SETTINGS } from '../../core/config/component-config.ts';
import { ComponentTypeSchema } from '../../core/component/registration.ts';
import { ResponseObjectSchema } from '../../core/json-schema.ts';
import { RESERVED_TYPE } from '../../core/config/new-types.ts';
import { GlobalConfigSchema, SettingsSchema, TypeConfigSchema } from '../../core/config/settings.ts';
import { TimestampSchema, integerText, pageOf } from './common.ts';

const componentSettings = Object.fromEntries(COMPONENT_SETTINGS.map((name) => [name, true])) as Record<
  (typeof COMPONENT_SETTINGS)[number],
  true
>;

export const ConfigTypeParamSchema = z.object({
  type: ComponentTypeSchema.refine(
    (type) => type !== RESERVED_TYPE,
    `${RESERVED_TYPE} is reserved and cannot name a type`,
  ),
});

export const ConfigQuerySchema = z.object({
  effective: z
    .enum(['true', 'false'])
    .default('false')
    .meta({ description: '`true`: the effective settings with their sources, instead of the document.' }),
});

export const ConfigETagSchema = z.object({ etag: z.string().meta({ description: 'The revision, for If-Match.' }) });

const SourceSchema = z.enum(['default', 'global', 'type', 'component']);
const sources = z.record(z.string(), SourceSchema).meta({ description: 'Level that set each setting.' });
const values = ResponseObjectSchema.meta({ description: 'Free-form values, all levels merged.' });
const valueSources = z
  .record(z.string(), SourceSchema)
  .meta({ description: 'Level that set each value, by JSON pointer. A list has one source.' });

export const EffectiveConfigSchema = z
  .object({ config: SettingsSchema, sources, values, valueSources })
  .meta({ id: 'EffectiveConfig' });

export const EffectiveTypeConfigSchema = z
  .object({ config: SettingsSchema.extend({ requestTypes: z.array(z.string()) }), sources, values, valueSources })
  .meta({ id: 'EffectiveTypeConfig' });

export const EffectiveComponentConfigSchema = z
  .object({
    revision: z.int().meta({ description: 'Changes with a document at any level. The ETag.' }),
    type: ComponentTypeSchema,
    config: SettingsSchema.pick(componentSettings),
    sources,
    values,
    valueSources,
  })
  .meta({ id: 'EffectiveComponentConfig' });

export const WaitQuerySchema = z.object({
  revision: integerText(0)
    .optional()
    .meta({ description: 'Revision that the caller has. The response is 304 while that revision is in force.' }),
  wait: integerText(0, 300_000).optional().meta({
    description:
      'With `revision`: maximum time to wait for another one, ms. Up to a sixteenth longer, so that readers spread.',
  }),
});

const RevisionNumberSchema = z.int().min(1).max(Number.MAX_SAFE_INTEGER);
const RevisionTextSchema = integerText(1);

export const RevisionParamSchema = z.object({ revision: RevisionTextSchema });

export const RollbackSchema = z
  .strictObject({ revision: RevisionNumberSchema.meta({ description: 'Revision whose document is restored.' }) })
  .meta({ id: 'ConfigRollback' });

export const DiffQuerySchema = z.object({
  from: RevisionTextSchema.optional().meta({ description: 'Default: the revision before `to`.' }),
  to: RevisionTextSchema.optional().meta({ description: 'Default: the current revision.' }),
});

const revisionFields = {
  revision: z.int(),
  changedAt: TimestampSchema,
  changedBy: z
    .object({ keyId: z.string(), keyName: z.string() })
    .nullable()
    .meta({ description: 'Null for revisions stored before authors were recorded.' }),
  changed: z
    .array(z.string())
    .nullable()
    .meta({ description: 'Names of the changed settings. Null for revisions stored before changes were recorded.' }),
  restoredRevision: z
    .int()
    .nullable()
    .meta({ description: 'Earlier revision that a rollback restored; null otherwise.' }),
};

const ConfigRevisionSchema = z.object(revisionFields).meta({ id: 'ConfigRevision' });
export const ConfigHistoryPageSchema = pageOf(ConfigRevisionSchema).meta({ id: 'ConfigHistoryPage' });
export const ConfigRevisionDetailSchema = z
  .object({ ...revisionFields, document: ResponseObjectSchema })
  .meta({ id: 'ConfigRevisionDetail' });

const PatchOperationSchema = z
  .object({ op: z.enum(['add', 'remove', 'replace']), path: z.string(), value: z.any().optional() })
  .meta({ id: 'PatchOperation' });

export const ConfigDiffSchema = z
  .object({
    from: z.int().meta({ description: '0: the empty document before the first revision.' }),
    to: z.int(),
    patch: z.array(PatchOperationSchema).meta({ description: 'JSON Patch (RFC 6902) that turns `from` into `to`.' }),
  })
  .meta({ id: 'ConfigDiff' });

export type EffectiveComponentConfigResource = z.infer<typeof EffectiveComponentConfigSchema>;
export type ConfigHistoryPage = z.infer<typeof ConfigHistoryPageSchema>;
export type ConfigRevisionDetail = z.infer<typeof ConfigRevisionDetailSchema>;
export type ConfigDiff = z.infer<typeof ConfigDiffSchema>;
export type EffectiveConfigResource = z.infer<typeof EffectiveConfigSchema>;
export type EffectiveTypeConfigResource = z.infer<typeof EffectiveTypeConfigSchema>;

export const GlobalConfigResponseSchema = z.union([EffectiveConfigSchema, GlobalConfigSchema]);
export const TypeConfigResponseSchema = z.union([EffectiveTypeConfigSchema, TypeConfigSchema]);
