/** The configuration as callers put and read it. */
import * as z from 'zod';
import { ComponentTypeSchema } from '../../core/component/registration.ts';
import { GlobalConfigSchema, SettingsSchema, TypeConfigSchema } from '../../core/config/settings.ts';

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

const SourceSchema = z.enum(['default', 'global', 'type']);
const sources = z.record(z.string(), SourceSchema).meta({ description: 'Which document set each of them.' });

export const EffectiveConfigSchema = z.object({ config: SettingsSchema, sources }).meta({ id: 'EffectiveConfig' });

export const EffectiveTypeConfigSchema = z
  .object({ config: SettingsSchema.extend({ requestTypes: z.array(z.string()) }), sources })
  .meta({ id: 'EffectiveTypeConfig' });

export type EffectiveConfigResource = z.infer<typeof EffectiveConfigSchema>;
export type EffectiveTypeConfigResource = z.infer<typeof EffectiveTypeConfigSchema>;

export const GlobalConfigAnswerSchema = z.union([EffectiveConfigSchema, GlobalConfigSchema]);
export const TypeConfigAnswerSchema = z.union([EffectiveTypeConfigSchema, TypeConfigSchema]);
