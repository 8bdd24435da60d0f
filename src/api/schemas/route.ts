/** Wire schemas of the routing call. */
import * as z from 'zod';
import { POLICY_NAMES } from '../../core/balancing/balancing-settings.ts';
import { ComponentIdSchema, ComponentTypeSchema } from '../../core/component/registration.ts';
import { jsonObject, recordOf } from '../../core/json-schema.ts';
import { CandidateVerdictSchema } from './candidate-verdict.ts';
import { RoutedComponentSchema } from './component.ts';
import { TimestampSchema } from './common.ts';

const PreferencesSchema = z.strictObject({
  preferredComponent: ComponentIdSchema.optional(),
  avoidComponents: z.array(ComponentIdSchema).max(100).optional(),
  maxLoad: z.number().min(0).max(100).optional().meta({ description: 'Percent, 0 to 100.' }),
  location: z.string().min(1).max(128).optional(),
  capabilities: z.array(z.string().min(1).max(128)).max(32).optional(),
  match: recordOf(z.string().max(256))
    .refine((match) => Object.keys(match).length <= 16, 'at most 16 entries')
    .optional()
    .meta({ description: 'Required metadata, compared like the filters of `GET /v1/components`.' }),
  strict: z.boolean().optional().meta({
    description: 'True: refuse the request rather than choose a component that does not meet the preferences.',
  }),
});

const LeaseTermsSchema = z
  .strictObject({
    ttlMs: z.int().min(1_000).max(3_600_000).default(30_000),
    slots: z
      .int()
      .min(1)
      .max(1_000)
      .default(1)
      .meta({ description: 'Slots to reserve, of the `maxConcurrentTasks` of a component.' }),
    waitMs: z
      .int()
      .min(0)
      .max(30_000)
      .default(0)
      .meta({ description: 'Maximum time in the wait queue while no slot is free, ms.' }),
  })
  .meta({ description: 'Routes by exact load and reserves slots on the component for `ttlMs`.' });

export const RouteRequestSchema = z
  .strictObject({
    requestType: z.string().min(1).max(64).optional(),
    type: ComponentTypeSchema.optional(),
    payload: jsonObject(32_768).optional(),
    preferences: PreferencesSchema.optional(),
    affinityKey: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .meta({ description: 'Work with the same key goes to the same component while that has capacity.' }),
    lease: LeaseTermsSchema.optional(),
    explain: z.boolean().optional(),
    dryRun: z
      .strictObject({
        assumeDown: z.array(ComponentIdSchema).max(100).optional(),
        policy: z.enum(POLICY_NAMES).optional(),
      })
      .optional()
      .meta({
        description:
          'Dry run: decides without counting or leasing, optionally with components assumed down or another policy.',
      }),
  })
  .refine((request) => (request.requestType === undefined) !== (request.type === undefined), {
    error: 'exactly one of requestType and type is required',
    path: ['requestType'],
  })
  .meta({ id: 'RouteRequest' });

export type RouteRequestBody = z.input<typeof RouteRequestSchema>;
export type RouteRequestData = z.output<typeof RouteRequestSchema>;

export const RouteResponseSchema = z
  .object({
    component: RoutedComponentSchema,
    lease: z
      .object({ id: z.string(), expiresAt: TimestampSchema })
      .nullable()
      .meta({ description: 'Null without a requested lease, and in a dry run.' }),
    decision: z.object({
      id: z.string(),
      mode: z.enum(['edge', 'exact']),
      policy: z.string(),
      score: z.number(),
      revision: z.int(),
      stale: z.boolean(),
      relaxed: z.array(z.string()),
      fallback: z
        .enum(['suspect', 'panic', 'fail-open'])
        .optional()
        .meta({ description: 'Fallback tier of the choice. Missing if the component is plainly healthy.' }),
      candidates: z.array(CandidateVerdictSchema).optional(),
      runnerUp: z.object({ id: z.string(), margin: z.number() }).nullable().optional(),
    }),
  })
  .meta({ id: 'RouteResponse' });

export type RouteResponseData = z.infer<typeof RouteResponseSchema>;
