/**
 * What can be set: every setting with its unit and bounds, and the two documents that carry them, one for all
 * types and one for each type. A document holds what somebody set and nothing else; defaults are in
 * `system-config.ts`, rules over several settings in `config-rules.ts`.
 */
import * as z from 'zod';
import { POLICY_NAMES } from '../balancing/balancing-settings.ts';
import { CONTROL_ACTIONS } from '../component/control-action.ts';
import { recordOf } from '../json-schema.ts';
import { flag, ms, oneOf, percent, shown, upTo, whole } from './bounds.ts';
import { RecoveryPoliciesSchema, RetentionSchema } from './recovery-settings.ts';
import { ValuesSchema, ValuesSchemaSchema } from './values.ts';

/** Of what is set, `values` and `valuesSchema` apart: keeps all documents within what an edge fetches in one call. */
const MAX_DOCUMENT_BYTES = 16_384;
const MAX_PARTS = 16;
const MAX_MATCHES = 16;
const MAX_REQUEST_TYPES = 64;

const ScoreWeightsSchema = z
  .strictObject({
    degraded: upTo(1_000).meta({ description: 'Taken off when it is degraded or suspect.' }),
    per100Ms: upTo(1_000).meta({ description: 'Taken off for each 100 ms of usual response time.' }),
    responseTimeMost: upTo(1_000).meta({ description: 'At most so much is taken off for response time.' }),
    taskType: upTo(1_000).meta({ description: 'Added when it supports the task type.' }),
    location: upTo(1_000).meta({ description: "Added when it is at the task's location." }),
  })
  .meta({ id: 'ScoreWeights' });

const TrafficPartSchema = z
  .strictObject({
    match: recordOf(z.string().max(256))
      .refine((match) => Object.keys(match).length >= 1, 'at least one entry: it would match everybody')
      .refine((match) => Object.keys(match).length <= MAX_MATCHES, `at most ${MAX_MATCHES} entries`)
      .meta({ description: 'Metadata as text, all of it wanted.' }),
    percent: percent(),
  })
  .meta({ id: 'TrafficPart' });

/** Shares are sums of decimal fractions, which a double rounds. */
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
  .strictObject({ size: whole(2, 256, ' slots') })
  .nullable()
  .meta({ id: 'LeaseBlocks' });

/** Each setting with its bounds; what a component may set of them is in `component-config.ts`. */
export const settings = {
  healthCheckInterval: ms(1_000, 3_600_000).meta({
    description: 'Pace of checks for a registration that names none, ms.',
  }),
  failureThreshold: whole(1, 100).meta({
    description: 'Failures of one component within `failureWindow` that start a recovery.',
  }),
  recoveryTimeout: ms(10_000, 86_400_000).meta({
    description: 'A recovery that has not proven its component healthy by then ends as `timeout`, ms.',
  }),
  loadBalancingEnabled: flag().meta({
    description: 'False: the first eligible by registration order gets everything.',
  }),
  autoScalingEnabled: flag().meta({ description: 'Whether a recovery may ask for `scale_up`.' }),
  maxComponentsPerType: whole(1, 10_000).meta({ description: 'More are refused; those registered stay.' }),
  failureWindow: ms(1_000, 86_400_000).meta({ description: 'How long a failure counts, ms.' }),
  healthyThreshold: whole(1, 20).meta({
    description: 'Successful checks in a row that bring an unhealthy component back.',
  }),
  unhealthyThreshold: whole(1, 20).meta({ description: 'Failed checks in a row that make a component unhealthy.' }),
  flapWindow: ms(1_000, 86_400_000).meta({
    description: 'How long a fall, from in routing to unhealthy, counts towards holding a component down, ms.',
  }),
  flapHoldMs: ms(0, 300_000).meta({
    description:
      'How long the third fall within `flapWindow` holds a component down, ms; each further one twice as long, up to 5 minutes. 0: never.',
  }),
  ejectionFailures: whole(1, 1_000).meta({
    description: 'Failures in a row, of work given to it, that take a component out of routing.',
  }),
  ejectionMs: ms(0, 300_000).meta({
    description: 'How long that lasts the first time, ms; each time as much longer, up to 5 minutes. 0: never.',
  }),
  maxDetectionMs: ms(0, 3_600_000).meta({
    description:
      'Longest a dead component may stay in routing, ms; shortens the interval of checks. 0 honours intervals as given.',
  }),
  snapshotMaxAgeMs: ms(1_000, 60_000).meta({
    description: "Age at which an edge's snapshot is refreshed before it is served, ms.",
  }),
  balancingPolicy: oneOf(POLICY_NAMES).meta({ description: 'How work is shared out.' }),
  scoreWeights: ScoreWeightsSchema.meta({ description: 'Points of the policy `score`; all of them or none.' }),
  panicThreshold: percent().meta({
    description: 'Percent of the active components that must be healthy; below it health is not asked. 0 is never.',
  }),
  noHealthyPolicy: oneOf(['reject', 'fail-open']).meta({
    description: 'With nobody healthy, suspect or degraded left: refuse, or ask whoever is active.',
  }),
  slowStartMs: ms(0, 3_600_000).meta({
    description: 'How long a component that is back takes to its full share, ms. 0: at once.',
  }),
  trafficSplit: TrafficSplitSchema.meta({
    description: 'Work by metadata, in percent. What the parts leave goes to those that no part matches.',
  }),
  selfDoubt: oneOf(['auto', 'always', 'never']).meta({
    description:
      'What to make of it when most of a type fails at once: `auto` asks a witness, `always` keeps all statuses and ' +
      'restarts nobody (the switch for a fault of ours), `never` believes what is seen.',
  }),
  canaryUrl: z
    .string({ error: (received) => `a URL or null, not ${shown(received)}` })
    .max(2_048, 'at most 2048 characters')
    .nullable()
    .meta({
      description:
        'Asked whether it is we who cannot see; any answer will do. Null: components of other types are asked.',
    }),
  controller: ControllerSchema.meta({
    description: 'Restarts and scales components that have no control endpoint of their own for it. Null: nobody does.',
  }),
  leaseBlocks: LeaseBlocksSchema.meta({
    description: 'Isolates may be granted blocks of so many slots, to lease from without a call each. Null: none.',
  }),
  recovery: RecoveryPoliciesSchema.meta({
    description: 'What is done about failures of a class, in the place of its default; classes left out keep theirs.',
  }),
  recoveryFrozen: flag().meta({
    description:
      'True: recoveries begin, but take no action; people are told instead. The switch for a cure that harms.',
  }),
};

/** There is one history for all types. */
const ofAllTypes = {
  retention: RetentionSchema.meta({ description: 'Days for which history is kept once it is over.' }),
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
  .meta({ description: 'Request types that reach this type; each reaches one type only.' });

const FREE: readonly string[] = ['values', 'valuesSchema'];

const bytesOfSettings = (document: object): number => {
  const rest = Object.fromEntries(Object.entries(document).filter(([name]) => !FREE.includes(name)));
  return new TextEncoder().encode(JSON.stringify(rest)).length;
};

export const documentOf = <S extends z.ZodRawShape>(shape: S) =>
  z
    .strictObject(shape)
    .partial()
    .refine((document) => bytesOfSettings(document) <= MAX_DOCUMENT_BYTES, {
      error: `at most ${MAX_DOCUMENT_BYTES} bytes in all`,
      path: [],
    });

const free = { values: ValuesSchema, valuesSchema: ValuesSchemaSchema };

/** Every setting, none missing: what is in force. */
export const SettingsSchema = z.object({ ...settings, ...ofAllTypes }).meta({ id: 'Settings' });

export const GlobalConfigSchema = documentOf({ ...settings, ...ofAllTypes, ...free }).meta({
  id: 'GlobalConfig',
  description: 'What is set for all types; what is left out has its default.',
});

export const TypeConfigSchema = documentOf({ ...settings, requestTypes: RequestTypesSchema, ...free }).meta({
  id: 'TypeConfig',
  description: 'What is set for one type; what is left out is as for all types.',
});

export type Settings = Readonly<z.output<typeof SettingsSchema>>;
export type GlobalConfig = Readonly<z.output<typeof GlobalConfigSchema>>;
export type TypeConfig = Readonly<z.output<typeof TypeConfigSchema>>;
export type SettingName = keyof Settings;
