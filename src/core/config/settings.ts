/**
 * Schemas of every setting, with units and bounds, and of the two documents that carry them: the global one and the one
 * of each type. A document contains only the fields that were set. Defaults are in `system-config.ts`, rules across
 * settings in `config-rules.ts`.
 */
import * as z from 'zod';
import { POLICY_NAMES } from '../balancing/balancing-settings.ts';
import { CONTROL_ACTIONS } from '../component/control-action.ts';
import { recordOf } from '../json-schema.ts';
import { flag, ms, oneOf, percent, describeReceived, numberUpTo, integer } from './bounds.ts';
import { RecoveryPoliciesSchema, RetentionSchema } from './recovery-settings.ts';
import { ValuesSchema, ValuesSchemaSchema } from './values.ts';

/** Limit without `values` and `valuesSchema`: keeps all documents small enough for an edge to fetch in one call. */
const MAX_DOCUMENT_BYTES = 16_384;
const MAX_PARTS = 16;
const MAX_MATCHES = 16;
const MAX_REQUEST_TYPES = 64;

const ScoreWeightsSchema = z
  .strictObject({
    degraded: numberUpTo(1_000).meta({ description: 'Subtracted if the component is degraded or suspect.' }),
    per100Ms: numberUpTo(1_000).meta({ description: 'Subtracted per 100 ms of average response time.' }),
    responseTimeMax: numberUpTo(1_000).meta({ description: 'Upper limit of what is subtracted for response time.' }),
    taskType: numberUpTo(1_000).meta({ description: 'Added if the component supports the task type.' }),
    location: numberUpTo(1_000).meta({ description: "Added if the component is at the task's location." }),
  })
  .meta({ id: 'ScoreWeights' });

const TrafficPartSchema = z
  .strictObject({
    match: recordOf(z.string().max(256))
      .refine(
        (match) => Object.keys(match).length >= 1,
        'at least one entry: an empty match would match every component',
      )
      .refine((match) => Object.keys(match).length <= MAX_MATCHES, `at most ${MAX_MATCHES} entries`)
      .meta({ description: 'Metadata, with values as text. A component must have all of it.' }),
    percent: percent(),
  })
  .meta({ id: 'TrafficPart' });

/** Tolerance for sums of decimal fractions, which a double rounds. */
const ROUNDING = 1e-9;

const TrafficSplitSchema = z
  .array(TrafficPartSchema)
  .max(MAX_PARTS, `at most ${MAX_PARTS} parts`)
  .superRefine((parts, context) => {
    const sum = parts.reduce((total, part) => total + part.percent, 0);
    if (sum > 100 + ROUNDING)
      context.addIssue({
        code: 'custom',
        input: parts,
        message: `together at most 100 percent, not ${Math.round(sum * 1e6) / 1e6}`,
      });
  });

const ControllerSchema = z
  .strictObject({
    url: z.string().max(2_048, 'at most 2048 characters'),
    actions: z
      .array(oneOf(CONTROL_ACTIONS))
      .min(1, 'at least one')
      .refine((actions) => new Set(actions).size === actions.length, 'each action at most once'),
  })
  .nullable()
  .meta({ id: 'Controller' });

const LeaseBlocksSchema = z
  .strictObject({ size: integer(2, 256, ' slots') })
  .nullable()
  .meta({ id: 'LeaseBlocks' });

/** Each setting with its bounds. `component-config.ts` lists those that can be set for a component. */
export const settings = {
  healthCheckInterval: ms(1_000, 3_600_000).meta({
    description: 'Check interval for registrations that set none, ms.',
  }),
  failureThreshold: integer(1, 100).meta({
    description: 'Failures of one component within `failureWindow` that start a recovery.',
  }),
  recoveryTimeout: ms(10_000, 86_400_000).meta({
    description: 'A recovery that has not verified its component within this time ends as `timeout`, ms.',
  }),
  loadBalancingEnabled: flag().meta({
    description: 'False: the first eligible component in registration order gets all work.',
  }),
  autoScalingEnabled: flag().meta({ description: 'Whether a recovery may request `scale_up`.' }),
  maxComponentsPerType: integer(1, 10_000).meta({
    description: 'Further registrations are refused; registered components stay.',
  }),
  failureWindow: ms(1_000, 86_400_000).meta({ description: 'How long a failure counts, ms.' }),
  healthyThreshold: integer(1, 20).meta({
    description: 'Successful checks in a row that bring an unhealthy component back.',
  }),
  unhealthyThreshold: integer(1, 20).meta({ description: 'Failed checks in a row that make a component unhealthy.' }),
  flapWindow: ms(1_000, 86_400_000).meta({
    description: 'How long a fall, from routable to unhealthy, counts for flap damping, ms.',
  }),
  flapHoldMs: ms(0, 300_000).meta({
    description:
      'How long flap damping keeps a component out of routing after its third fall within `flapWindow`, ms. Each further ' +
      'fall doubles the time, up to 5 minutes. 0: never.',
  }),
  ejectionFailures: integer(1, 1_000).meta({
    description: 'Consecutive failures of routed work that eject a component from routing.',
  }),
  ejectionMs: ms(0, 300_000).meta({
    description:
      'Duration of the first ejection, ms. Each further one is longer by as much, up to 5 minutes. 0: never.',
  }),
  maxDetectionMs: ms(0, 3_600_000).meta({
    description:
      'Longest time that a dead component may stay in routing, ms. Shortens check intervals if necessary. 0 applies ' +
      'intervals as registered.',
  }),
  snapshotMaxAgeMs: ms(1_000, 60_000).meta({
    description: 'Age from which an edge refreshes its snapshot before it routes by it, ms.',
  }),
  balancingPolicy: oneOf(POLICY_NAMES).meta({ description: 'How work is distributed.' }),
  scoreWeights: ScoreWeightsSchema.meta({ description: 'Points of the policy `score`. Set all of them or none.' }),
  panicThreshold: percent().meta({
    description: 'Percent of active components that must be healthy; below it routing ignores health. 0: never.',
  }),
  noHealthyPolicy: oneOf(['reject', 'fail-open']).meta({
    description: 'If no component is healthy, suspect or degraded: refuse work, or route to any active component.',
  }),
  slowStartMs: ms(0, 3_600_000).meta({
    description: 'Time in which a component that has returned reaches its full share, ms. 0: at once.',
  }),
  assumedTaskMs: ms(10, 3_600_000).meta({
    description:
      'Typical task time of a component without a reported outcome, ms. Work routed to it counts as ' +
      'estimated load and decays over this time.',
  }),
  trafficSplit: TrafficSplitSchema.meta({
    description: 'Percent of work by metadata. The rest goes to the components that no part matches.',
  }),
  selfDoubt: oneOf(['auto', 'always', 'never']).meta({
    description:
      'Self-preservation if most components of a type fail at once. `auto` checks a canary. `always` keeps all statuses ' +
      'and restarts no component, for a fault of the coordinator itself. `never` trusts every check result.',
  }),
  canaryUrl: z
    .string({ error: (received) => `a URL or null, not ${describeReceived(received)}` })
    .max(2_048, 'at most 2048 characters')
    .nullable()
    .meta({
      description:
        'URL that tells whether the coordinator itself has lost its network; any response counts. Null: components of ' +
        'other types serve as canaries.',
    }),
  controller: ControllerSchema.meta({
    description: 'Restarts and scales components without a control endpoint of their own. Null: none.',
  }),
  leaseBlocks: LeaseBlocksSchema.meta({
    description:
      'Isolates may get blocks of this many slots, and lease from them without a call each. Null: no blocks.',
  }),
  recovery: RecoveryPoliciesSchema.meta({
    description: 'Recovery policies by failure class. Classes without one keep the default.',
  }),
  recoveryFrozen: flag().meta({
    description:
      'True: recoveries begin but take no action, and alert instead. The emergency stop for harmful recoveries.',
  }),
};

/** Settings of the global document only: they concern all types together. */
const globalOnly = {
  newTypes: oneOf(['create', 'refuse']).meta({
    description:
      'What the first registration in a type that does not exist does: `create` adds the type, `refuse` refuses it.',
  }),
  retention: RetentionSchema.meta({ description: 'Days for which history is stored after it ended.' }),
};

const RequestTypeSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    '1 to 64 of letters, digits, ".", "_", "-", beginning with a letter or digit',
  );

const RequestTypesSchema = z
  .array(RequestTypeSchema)
  .max(MAX_REQUEST_TYPES, `at most ${MAX_REQUEST_TYPES}`)
  .refine((names) => new Set(names).size === names.length, 'each request type at most once')
  .meta({ description: 'Request types that this type serves. Each request type belongs to one type only.' });

const FREE_FORM: readonly string[] = ['values', 'valuesSchema'];

const bytesOfSettings = (document: object): number => {
  const rest = Object.fromEntries(Object.entries(document).filter(([name]) => !FREE_FORM.includes(name)));
  return new TextEncoder().encode(JSON.stringify(rest)).length;
};

export const documentSchema = <S extends z.ZodRawShape>(shape: S) =>
  z
    .strictObject(shape)
    .partial()
    .refine((document) => bytesOfSettings(document) <= MAX_DOCUMENT_BYTES, {
      error: `at most ${MAX_DOCUMENT_BYTES} bytes in all`,
      path: [],
    });

const freeForm = { values: ValuesSchema, valuesSchema: ValuesSchemaSchema };

/** The effective settings: every field is present. */
export const SettingsSchema = z.object({ ...settings, ...globalOnly }).meta({ id: 'Settings' });

export const GlobalConfigSchema = documentSchema({ ...settings, ...globalOnly, ...freeForm }).meta({
  id: 'GlobalConfig',
  description: 'Settings for all types. Missing settings have their defaults.',
});

export const TypeConfigSchema = documentSchema({ ...settings, requestTypes: RequestTypesSchema, ...freeForm }).meta({
  id: 'TypeConfig',
  description: 'Settings of one type. Missing settings are inherited from the global document.',
});

export type Settings = Readonly<z.output<typeof SettingsSchema>>;
export type GlobalConfig = Readonly<z.output<typeof GlobalConfigSchema>>;
export type TypeConfig = Readonly<z.output<typeof TypeConfigSchema>>;
export type SettingName = keyof Settings;
