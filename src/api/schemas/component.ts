/** Wire schemas of a component: its registration, with health, lifecycle and load. */
import * as z from 'zod';
import { ComponentIdSchema, ComponentTypeSchema, RegistrationSchema } from '../../core/component/registration.ts';
import { JsonValueSchema, ResponseObjectSchema, jsonObject } from '../../core/json-schema.ts';
import { HEARTBEAT_STATUSES, MAX_HEARTBEATS } from '../../core/vital/heartbeat.ts';
import { PageQuerySchema, ProblemSchema, TimestampSchema, WarningsSchema, pageOf } from './common.ts';
import { ignoring, namesOnlyIn } from './read-only.ts';

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
      .meta({
        description: 'Check or heartbeat behind the transition. Null if a change of the registration caused it.',
      }),
  })
  .meta({ id: 'HealthTransition' });

const ResponseTimesSchema = z
  .object({
    average: z.number().meta({ description: 'Exponentially weighted moving average, weight of a new check 0.3.' }),
    p50: z.number(),
    p95: z.number(),
    p99: z.number(),
    count: z.int().meta({ description: 'Number of successful checks included, at most 64.' }),
  })
  .meta({ id: 'ResponseTimes', description: 'Response times of the last successful checks, ms.' });

const CheckResponseSchema = z
  .object({
    at: TimestampSchema.meta({ description: 'Earlier than `lastCheck` if the last check got no response.' }),
    status: z.int().meta({ description: 'HTTP status.' }),
    body: JsonValueSchema.optional().meta({
      description: 'With `details: true`: JSON as data, any other body as text. Null for an empty or unreadable one.',
    }),
    pointers: ResponseObjectSchema.optional().meta({
      description: 'With a list of pointers: the value at each pointer. Pointers without a value are absent.',
    }),
    truncated: z.boolean().meta({ description: 'The response has more: over 4 KiB, or not read whole.' }),
  })
  .meta({ id: 'CheckResponse' });

export const ComponentHealthSchema = z
  .object({
    status: HealthStatusSchema,
    effectiveStatus: HealthStatusSchema.meta({
      description: 'Equals `status`, but `unhealthy` while a dependency is down. Routing uses `status`.',
    }),
    rootCause: z.array(z.string()).meta({
      description:
        'Failed dependencies behind the effective status, direct or transitive, at most 10. Empty if none has failed.',
    }),
    suspect: z
      .boolean()
      .meta({ description: 'The running check has failed so far. Routed to only if no better candidate is left.' }),
    lastCheck: TimestampSchema.nullable(),
    responseTime: z.number().nullable().meta({ description: 'ms' }),
    errorCount: z.int().meta({ description: 'Failures since the component was last healthy.' }),
    failuresLastHour: z
      .int()
      .meta({ description: 'Recorded failures within the last hour, at most 200, whatever a recovery settled.' }),
    since: TimestampSchema,
    reason: z.string().nullable(),
    details: z.string().nullable(),
    lastFailure: TimestampSchema.nullable(),
    heldUntil: TimestampSchema.nullable().meta({
      description: 'End of the flap-damping hold if the component does not fail again. Null without a hold.',
    }),
    ejectedUntil: TimestampSchema.nullable().meta({
      description:
        'End of the outlier ejection; null without one. Until then, routed to only if no better candidate is left.',
    }),
    lastTransition: TransitionSchema.nullable().meta({ description: 'Null before the first transition.' }),
    responseTimes: ResponseTimesSchema.nullable().meta({ description: 'Null before the first successful check.' }),
    response: CheckResponseSchema.nullable()
      .optional()
      .meta({
        description:
          'The last response to a check, if the registration sets `healthCheck.details`. Null until the next check after a ' +
          'change of the health check, or a restart of the registry. Absent in lists, snapshots and events.',
      }),
  })
  .meta({ id: 'ComponentHealth' });

export const DetectionSchema = z.object({
  intervalMs: z
    .number()
    .nullable()
    .meta({ description: 'Check interval, ms; null if the component has only heartbeats.' }),
  worstCaseMs: z.number().meta({ description: 'Longest time that a dead component stays in routing, ms.' }),
});

const ComponentLoadSchema = z
  .object({
    loadPercentage: z.number(),
    activeConnections: z.number(),
    queueDepth: z.number(),
    share: z.number().meta({
      description:
        'Share of the work of its type that the component would get now, 0 to 1, at equal response times. 0 if it gets ' +
        'none: not routable, degraded or suspect beside healthy components, or full by known or estimated load.',
    }),
    estimated: z.object({ loadPercentage: z.number(), activeConnections: z.number() }).meta({
      description:
        'The part of `loadPercentage` and `activeConnections` that is estimated: work routed to the component whose end ' +
        'was not reported. The estimate decays over the typical task time.',
    }),
  })
  .meta({ id: 'ComponentLoad' });

const { shape } = RegistrationSchema;

/** The registration in a response, with the defaults filled in. */
const REGISTERED = {
  ...shape,
  name: shape.name.unwrap(),
  capabilities: shape.capabilities.unwrap(),
  dependencies: shape.dependencies.unwrap(),
  metadata: shape.metadata.unwrap(),
  role: shape.role.unwrap(),
  weight: shape.weight.unwrap(),
};

/** A component in a routing response: the registration, and the state that the decision saw. */
export const RoutedComponentSchema = z
  .object({
    ...REGISTERED,
    lifecycle: LifecycleSchema,
    health: ComponentHealthSchema.pick({ status: true, suspect: true, reason: true }),
  })
  .meta({ id: 'RoutedComponent' });

export const ComponentSchema = z
  .object({
    ...REGISTERED,
    health: ComponentHealthSchema,
    lifecycle: LifecycleSchema,
    lifecycleUntil: TimestampSchema.nullable(),
    lifecycleReason: z.string().nullable().meta({ description: 'Reason that the operator gave.' }),
    load: ComponentLoadSchema,
    detection: DetectionSchema,
    recoveryId: z.string().nullable(),
    revision: z.int().meta({ description: 'Changes with every visible change of the component.' }),
    generation: z.int().meta({ description: 'Changes only with the registration. The ETag, for If-Match.' }),
    registeredAt: TimestampSchema,
    updatedAt: TimestampSchema,
  })
  .meta({ id: 'Component' });

export type Component = z.infer<typeof ComponentSchema>;

/** `key` is part of the response that registers a component. */
const READ_ONLY = [...namesOnlyIn(ComponentSchema, RegistrationSchema), 'key'];
const MAX_PATCH_CHARACTERS = 65_536;

/** A registration as callers send it: perhaps a component that they read, with some fields changed. */
export const RegistrationBodySchema = ignoring(READ_ONLY, RegistrationSchema);

/** A merge patch of a registration. */
export const MergePatchSchema = ignoring(READ_ONLY, jsonObject(MAX_PATCH_CHARACTERS).meta({ id: 'MergePatch' }));

export const ComponentPageSchema = pageOf(ComponentSchema).extend({
  unreadable: z
    .array(z.string())
    .optional()
    .meta({
      description:
        'On the first page, whatever the filters: ids of components whose stored state cannot be read, at most 100 of a ' +
        'type. Each gets no work until it registers again. Absent for none.',
    }),
});

export const ComponentQuerySchema = PageQuerySchema.extend({
  type: ComponentTypeSchema.optional(),
  status: HealthStatusSchema.optional(),
  lifecycle: LifecycleSchema.optional(),
  location: z.string().max(128).optional(),
  capability: z.string().max(128).optional().meta({ description: 'Task type or capability flag.' }),
  sort: z.enum(['id', 'severity']).default('id').meta({
    description: '`id`: by type and id. `severity`: unhealthy, degraded, unknown, healthy; then by type and id.',
  }),
}).catchall(z.string().max(256));

const figure = z.number().nullable().optional();

/** Read by `core/vital/heartbeat.ts`, which no figure makes refuse a heartbeat. */
export const HeartbeatSchema = z
  .object({
    status: z.enum(HEARTBEAT_STATUSES).nullable().optional().meta({
      description: 'Default: `healthy`. Without a `heartbeat.ttl` only the load of the heartbeat counts.',
    }),
    load: z
      .object({
        activeConnections: figure.meta({ description: '0 to 1 000 000, default 0.' }),
        queueDepth: figure.meta({ description: '0 to 1 000 000 000, default 0.' }),
        loadPercentage: figure.meta({ description: '0 to 100. Default: computed from `maxConcurrentTasks`.' }),
      })
      .nullable()
      .optional()
      .meta({
        description: 'Figures outside their range are clamped. What is no number, and other fields, are ignored.',
      }),
  })
  .meta({ id: 'Heartbeat', description: 'Figures never refuse a heartbeat: `warnings` of the response names them.' });

export const HeartbeatBatchSchema = z
  .object({
    heartbeats: z
      .array(HeartbeatSchema.extend({ id: ComponentIdSchema }))
      .min(1)
      .max(MAX_HEARTBEATS),
  })
  .meta({ id: 'HeartbeatBatch', description: 'Each heartbeat counts by itself: a faulty one refuses no other.' });

const expiresAt = TimestampSchema.nullable().meta({
  description:
    'Time by which the next heartbeat is due; send it after a third of that time. Null if the component registered no `heartbeat.ttl`.',
});

export const HeartbeatResultSchema = z.object({ status: HealthStatusSchema, expiresAt, warnings: WarningsSchema });

const BatchedResultSchema = z.object({
  id: z.string().nullable().meta({ description: 'The id as sent. Null if the heartbeat has none.' }),
  ok: z.boolean(),
  expiresAt,
  error: z
    .object({ code: z.string(), message: z.string(), errors: ProblemSchema.shape.errors })
    .nullable()
    .meta({ description: 'Why this heartbeat does not count, with a problem code. Null if it counts.' }),
});

export type HeartbeatResultResource = z.infer<typeof BatchedResultSchema>;

export const HeartbeatResultsSchema = z
  .object({ results: z.array(BatchedResultSchema), warnings: WarningsSchema })
  .meta({ id: 'HeartbeatResults' });

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
    secret: z.string().meta({ description: '`whsec_` and base64, the format of Standard Webhooks libraries.' }),
    previousUntil: TimestampSchema.nullable().meta({
      description:
        'Until then calls also carry a signature by the previous secret. Null: only the current secret signs.',
    }),
  })
  .meta({ id: 'ControlSecret' });
