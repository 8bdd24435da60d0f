/** The component resource: the registration plus what the coordinator knows of it. */
import * as z from 'zod';
import { ComponentTypeSchema, RegistrationSchema } from '../../core/component/registration.ts';
import { PageQuerySchema, TimestampSchema, pageOf } from './common.ts';

export const HealthStatusSchema = z.enum(['unknown', 'healthy', 'degraded', 'unhealthy']).meta({ id: 'HealthStatus' });
export const LifecycleSchema = z
  .enum(['active', 'standby', 'draining', 'maintenance', 'isolated'])
  .meta({ id: 'Lifecycle' });

const TransitionSchema = z
  .object({
    from: HealthStatusSchema,
    to: HealthStatusSchema,
    at: TimestampSchema,
    reason: z.string().nullable(),
    sample: z
      .object({
        source: z.enum(['check', 'heartbeat']),
        outcome: z.enum(['passed', 'failed']),
        code: z.string().nullable(),
        message: z.string().nullable(),
        responseTime: z.number().nullable().meta({ description: 'ms' }),
        details: z.string().nullable(),
        at: TimestampSchema,
      })
      .nullable()
      .meta({ description: 'What was seen; null when a registration changed what is looked at.' }),
  })
  .meta({ id: 'HealthTransition' });

const ResponseTimesSchema = z
  .object({
    average: z.number().meta({ description: 'Moving average: of each new one three tenths.' }),
    p50: z.number(),
    p95: z.number(),
    p99: z.number(),
    count: z.int().meta({ description: 'Of how many good checks, 64 at most.' }),
  })
  .meta({ id: 'ResponseTimes', description: 'Of the last good checks, ms.' });

export const ComponentHealthSchema = z
  .object({
    status: HealthStatusSchema,
    effectiveStatus: HealthStatusSchema.meta({
      description: 'The same, or `unhealthy` while something it depends on is down. Routing goes by `status`.',
    }),
    rootCause: z.array(z.string()).meta({
      description: 'The dependencies that explain it, direct or not, 10 at most; empty when all are there.',
    }),
    suspect: z
      .boolean()
      .meta({ description: 'A check is going wrong right now; routed to only if nothing better is left.' }),
    lastCheck: TimestampSchema.nullable(),
    responseTime: z.number().nullable().meta({ description: 'ms' }),
    errorCount: z.int().meta({ description: 'Failures since it was last healthy.' }),
    since: TimestampSchema,
    reason: z.string().nullable(),
    details: z.string().nullable(),
    lastFailure: TimestampSchema.nullable(),
    heldUntil: TimestampSchema.nullable().meta({
      description: 'It fell too often: held down until then if it fails no more.',
    }),
    ejectedUntil: TimestampSchema.nullable().meta({
      description: 'Work fails there: until then it is given some only if nothing better is left.',
    }),
    lastTransition: TransitionSchema.nullable().meta({ description: 'Null before the first.' }),
    responseTimes: ResponseTimesSchema.nullable().meta({ description: 'Null before the first good check.' }),
  })
  .meta({ id: 'ComponentHealth' });

export const DetectionSchema = z.object({
  intervalMs: z.number().nullable().meta({ description: 'Time between two checks; null when only heartbeats tell.' }),
  worstCaseMs: z.number().meta({ description: 'Longest time a dead component stays in routing.' }),
});

const ComponentLoadSchema = z
  .object({
    loadPercentage: z.number(),
    activeConnections: z.number(),
    queueDepth: z.number(),
    share: z.number().meta({ description: 'Part of its type’s traffic it is meant to get, 0 to 1.' }),
  })
  .meta({ id: 'ComponentLoad' });

const { shape } = RegistrationSchema;

export const ComponentSchema = z
  .object({
    ...shape,
    // Defaults are filled in by the time it is answered.
    capabilities: shape.capabilities.unwrap(),
    dependencies: shape.dependencies.unwrap(),
    metadata: shape.metadata.unwrap(),
    role: shape.role.unwrap(),
    weight: shape.weight.unwrap(),
    health: ComponentHealthSchema,
    lifecycle: LifecycleSchema,
    lifecycleUntil: TimestampSchema.nullable(),
    lifecycleReason: z.string().nullable().meta({ description: 'Why, as whoever set it aside said.' }),
    load: ComponentLoadSchema,
    detection: DetectionSchema,
    recoveryId: z.string().nullable(),
    revision: z.int().meta({ description: 'Moves with whatever can be seen of it.' }),
    generation: z.int().meta({ description: 'Moves with the registration alone; its ETag, for If-Match.' }),
    registeredAt: TimestampSchema,
    updatedAt: TimestampSchema,
  })
  .meta({ id: 'Component' });

export type Component = z.infer<typeof ComponentSchema>;

export const ComponentPageSchema = pageOf(ComponentSchema);

export const ComponentQuerySchema = PageQuerySchema.extend({
  type: ComponentTypeSchema.optional(),
  status: HealthStatusSchema.optional(),
  lifecycle: LifecycleSchema.optional(),
  location: z.string().max(128).optional(),
  capability: z.string().max(128).optional().meta({ description: 'Task type or capability flag.' }),
}).catchall(z.string().max(256));

export const HeartbeatSchema = z
  .strictObject({
    status: z.enum(['healthy', 'degraded', 'unhealthy']).default('healthy'),
    load: z
      .strictObject({
        activeConnections: z.int().min(0).max(1_000_000).default(0),
        queueDepth: z.int().min(0).max(1_000_000_000).default(0),
        loadPercentage: z.number().min(0).max(100).optional(),
      })
      .optional(),
  })
  .meta({ id: 'Heartbeat' });

export type Heartbeat = z.output<typeof HeartbeatSchema>;

export const HeartbeatResultSchema = z.object({
  status: HealthStatusSchema,
  expiresAt: TimestampSchema.meta({ description: 'By when the next one is due.' }),
});

export const ProbeResultSchema = z
  .object({
    outcome: z.enum(['passed', 'failed', 'inconclusive']),
    responseTime: z.number().nullable().meta({ description: 'ms' }),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    health: ComponentHealthSchema,
  })
  .meta({ id: 'ProbeResult' });

export const LoadQuerySchema = z.object({ type: ComponentTypeSchema.optional() });

export const LoadEntrySchema = ComponentLoadSchema.extend({ componentId: z.string() }).meta({ id: 'LoadEntry' });

export const ControlSecretSchema = z
  .object({
    secret: z.string().meta({ description: '`whsec_` and base64, as Standard Webhooks libraries take it.' }),
    previousUntil: TimestampSchema.nullable().meta({
      description: 'Until when calls carry a signature by the secret before it too; null when they do not.',
    }),
  })
  .meta({ id: 'ControlSecret' });
