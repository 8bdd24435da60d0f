/**
 * The registration of a component as validated data.
 *
 * Owns the field names, bounds and defaults of a registration; `health-check.ts` owns those of the check. Never judges
 * URLs (see `../outbound/url-policy.ts`). The registry and the directory decide whether type and dependencies exist.
 * zod is the only package that the core imports, and only for schemas.
 */
import * as z from 'zod';
import { CONTROL_ACTIONS } from './control-action.ts';
import { jsonObject } from '../json-schema.ts';
import { HealthCheckSchema, UrlSchema } from './health-check.ts';

export const COMPONENT_ID_PATTERN = /^[a-z0-9][a-z0-9._-]{0,127}$/;
const TYPE_PATTERN = /^[a-z][a-z0-9_]{0,63}$/;

export const ComponentIdSchema = z
  .string()
  .regex(COMPONENT_ID_PATTERN, '1 to 128 of a-z, 0-9, ".", "_", "-", beginning with a letter or digit')
  .meta({ description: 'Unique across all types.', example: 'arbiter-001-agent-registry' });

export const ComponentTypeSchema = z
  .string()
  .regex(TYPE_PATTERN, '1 to 64 of a-z, 0-9, "_", beginning with a letter')
  .meta({ description: 'Component type. The first registration in a type adds it.', example: 'agent_registry' });

const TaskTypeSchema = z.string().min(1).max(128);

const CapabilitiesSchema = z
  .strictObject({
    maxConcurrentTasks: z.int().min(1).max(1_000_000).optional(),
    supportedTaskTypes: z.array(TaskTypeSchema).max(256).default([]),
    performanceMetrics: z.boolean().default(false),
    healthMonitoring: z.boolean().default(false),
    constitutionalCompliance: z.boolean().default(false),
  })
  .meta({ id: 'Capabilities' });

const ControlSchema = z
  .strictObject({
    endpoint: UrlSchema.meta({ description: 'URL, or a path behind the path of `endpoint`.' }),
    actions: z.array(z.enum(CONTROL_ACTIONS)).min(1).max(2),
  })
  .meta({ id: 'Control', description: 'Control endpoint, which performs `restart` and `scale_up`.' });

const MetadataSchema = jsonObject(8_192)
  .refine((metadata) => Object.keys(metadata).length <= 64, 'at most 64 keys')
  .meta({ description: 'Free-form. Routing uses `location` and `version`.' });

/** Keeps all registrations of a full type within one RPC call between Durable Objects (32 MiB). */
const MAX_REGISTRATION_BYTES = 16_384;

/** Optional in a request. `RegistrationSchema` fills the id in, which a field alone does not know. */
const NameSchema = z
  .string()
  .min(1)
  .max(256)
  .optional()
  .meta({ description: 'Name for people. Default: the id.' }) as unknown as z.ZodDefault<z.ZodString>;

const fields = {
  id: ComponentIdSchema,
  name: NameSchema,
  type: ComponentTypeSchema,
  endpoint: UrlSchema,
  healthCheck: HealthCheckSchema.optional(),
  capabilities: CapabilitiesSchema.prefault({}),
  dependencies: z.array(ComponentIdSchema).max(64).default([]),
  metadata: MetadataSchema.default({}),
  role: z.enum(['active', 'standby']).default('active'),
  weight: z.number().min(0).max(1_000).default(1).meta({
    description: 'Share of traffic relative to other components of the type. 0: no new work.',
  }),
  heartbeat: z
    .strictObject({
      ttl: z
        .int()
        .min(1_000)
        .max(3_600_000)
        .meta({
          description:
            'Time without a heartbeat after which the component is unhealthy, ms, plus a grace of a tenth, at most 5 s. ' +
            'Send a heartbeat every third of it.',
        }),
    })
    .optional()
    .meta({ description: 'Liveness by heartbeats, with or without a health check.' }),
  control: ControlSchema.optional(),
  deregisterAfter: z
    .int()
    .min(10_000)
    .max(2_592_000_000)
    .optional()
    .meta({ description: 'Time unhealthy after which the component is removed, ms. Default: never.' }),
};

export const RegistrationSchema = z
  .strictObject(fields)
  .overwrite((registration) => ({ ...registration, name: registration.name ?? registration.id }))
  .refine((registration) => registration.healthCheck || registration.heartbeat, {
    error: 'healthCheck or heartbeat is required: without one the coordinator cannot detect a failure',
    path: ['healthCheck'],
  })
  .refine((registration) => !registration.dependencies.includes(registration.id), {
    error: 'a component cannot depend on itself',
    path: ['dependencies'],
  })
  .refine((registration) => new Set(registration.dependencies).size === registration.dependencies.length, {
    error: 'each id at most once',
    path: ['dependencies'],
  })
  .refine((registration) => new TextEncoder().encode(JSON.stringify(registration)).length <= MAX_REGISTRATION_BYTES, {
    error: `at most ${MAX_REGISTRATION_BYTES} bytes in all`,
    path: [],
  })
  .meta({ id: 'Registration' });

export type Registration = z.output<typeof RegistrationSchema>;
export type RegistrationInput = z.input<typeof RegistrationSchema>;

/** The `location` in the metadata, for location preferences; undefined when absent or no string. */
export function locationOf(registration: Pick<Registration, 'metadata'>): string | undefined {
  const location = registration.metadata['location'];
  return typeof location === 'string' ? location : undefined;
}
