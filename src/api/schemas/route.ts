/** The routing call: what a caller asks and what it is answered. */
import * as z from 'zod';
import { POLICY_NAMES } from '../../core/balancing/balancing-settings.ts';
import { ComponentIdSchema, ComponentTypeSchema } from '../../core/component/registration.ts';
import { ResponseObjectSchema, jsonObject, recordOf } from '../../core/json-schema.ts';
import { CandidateVerdictSchema } from './candidate-verdict.ts';
import { TimestampSchema } from './common.ts';

const PreferencesSchema = z.strictObject({
  preferredComponent: ComponentIdSchema.optional(),
  avoidComponents: z.array(ComponentIdSchema).max(100).optional(),
  maxLoad: z.number().min(0).max(100).optional().meta({ description: 'Percent.' }),
  location: z.string().min(1).max(128).optional(),
  capabilities: z.array(z.string().min(1).max(128)).max(32).optional(),
  match: recordOf(z.string().max(256))
    .refine((match) => Object.keys(match).length <= 16, 'at most 16 entries')
    .optional()
    .meta({ description: 'Metadata, compared as in the filters of the list.' }),
  strict: z.boolean().optional().meta({ description: 'Rather nobody than one that does not meet the preferences.' }),
});

const LeaseTermsSchema = z
  .strictObject({
    ttlMs: z.int().min(1_000).max(3_600_000).default(30_000),
    slots: z.int().min(1).max(1_000).default(1).meta({ description: 'Of the `maxConcurrentTasks` of a component.' }),
    waitMs: z.int().min(0).max(30_000).default(0).meta({ description: 'How long to wait in line while all are full.' }),
  })
  .meta({ description: 'Decides on the exact load and takes slots for a time.' });

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
      .meta({ description: 'Work of one key stays with one component for as long as that has room.' }),
    lease: LeaseTermsSchema.optional(),
    explain: z.boolean().optional(),
    dryRun: z
      .strictObject({
        assumeDown: z.array(ComponentIdSchema).max(100).optional(),
        policy: z.enum(POLICY_NAMES).optional(),
      })
      .optional()
      .meta({ description: 'Decides and counts nothing: as if some were gone, or under another policy.' }),
  })
  .refine((request) => (request.requestType === undefined) !== (request.type === undefined), {
    error: 'exactly one of requestType and type is required',
    path: ['requestType'],
  })
  .meta({ id: 'RouteRequest' });

export type RouteRequestBody = z.input<typeof RouteRequestSchema>;
export type RouteRequestData = z.output<typeof RouteRequestSchema>;

export const RouteAnswerSchema = z
  .object({
    component: z.object({
      id: z.string(),
      name: z.string(),
      type: z.string(),
      endpoint: z.string(),
      metadata: ResponseObjectSchema,
    }),
    lease: z
      .object({ id: z.string(), expiresAt: TimestampSchema })
      .nullable()
      .meta({ description: 'Null where none was asked for, and in a rehearsal.' }),
    decision: z.object({
      id: z.string(),
      mode: z.enum(['edge', 'exact']),
      policy: z.string(),
      score: z.number(),
      revision: z.int(),
      stale: z.boolean(),
      relaxed: z.array(z.string()),
      resort: z
        .enum(['doubtful', 'panic', 'fail-open'])
        .optional()
        .meta({ description: 'Why one was chosen that is not plainly healthy.' }),
      candidates: z.array(CandidateVerdictSchema).optional(),
      runnerUp: z.object({ id: z.string(), margin: z.number() }).nullable().optional(),
    }),
  })
  .meta({ id: 'RouteAnswer' });

export type RouteAnswer = z.infer<typeof RouteAnswerSchema>;
