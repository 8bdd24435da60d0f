/** Routes of components: register, read, replace, change, remove. */
import type { Context } from 'hono';
import * as z from 'zod';
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import { RegistrationSchema } from '../../core/component/registration.ts';
import type { Registration } from '../../core/component/registration.ts';
import type { ComponentResource } from '../../core/component/resource.ts';
import { toIso } from '../../core/component/resource.ts';
import type { Json } from '../../core/json.ts';
import { outboundPolicyOf } from '../../outbound/outbound-policy.ts';
import type { AccessScope } from '../../core/access/permission.ts';
import { ownerFilter } from '../../core/access/permission.ts';
import { quotaHolderOf } from '../../core/quota/change-quota.ts';
import type { App, AppEnv } from '../http/app-env.ts';
import { actorOf } from '../auth/actor-of.ts';
import { forgetType, withRegistryOf } from '../../edge/directory-cache.ts';
import { etagOf, invalidCondition, versionCondition } from '../http/version-condition.ts';
import { toNewKeyResource } from '../resources/key-resource.ts';
import type { VersionCondition } from '../../core/version-condition.ts';
import { mergePatch } from '../../core/merge-patch.ts';
import { exactNumbers } from '../middleware/exact-numbers.ts';
import { issueComponentKey } from '../auth/issue-key.ts';
import { createRoute, jsonBody, jsonContent, jsonContentWith, problemDefault } from '../http/openapi-route.ts';
import type { ProblemCode, ProblemOptions } from '../http/problem.ts';
import { problemResponse, problemOf, toFaults, problemOptionsOf } from '../http/problem.ts';
import { registerComponent, urlFaults } from '../use-cases/register-component.ts';
import { applyToEdges } from '../use-cases/store-config.ts';
import { ConditionsSchema, IdParamSchema, IfMatchSchema, integerText } from '../schemas/common.ts';
import { ComponentSchema, MergePatchSchema, RegistrationBodySchema } from '../schemas/component.ts';
import { NewKeySchema } from '../schemas/key.ts';

const tags = ['components'];
const ETagSchema = z.object({ etag: z.string().meta({ description: 'Generation of the component, for If-Match.' }) });
const LocationSchema = ETagSchema.extend({ location: z.string() });
const component = jsonContentWith(ComponentSchema, ETagSchema, 'The component');

const register = createRoute({
  method: 'post',
  path: '/v1/components',
  middleware: exactNumbers,
  'x-permission': 'register',
  tags,
  summary: 'Register or update component',
  description:
    'The call is idempotent: a repeated registration under the same id updates the component. The first registration ' +
    'in a type adds the type, unless `newTypes` is `refuse`. Read-only fields of a component are ignored. Honours ' +
    'If-Match and If-None-Match.',
  request: { headers: ConditionsSchema, body: jsonBody(RegistrationBodySchema) },
  responses: {
    200: jsonContentWith(ComponentSchema, LocationSchema, 'Already registered: updated, or unchanged'),
    201: jsonContentWith(
      ComponentSchema.extend({
        key: NewKeySchema.optional().meta({
          description: 'For registrars only: a key valid for this component only, shown once.',
        }),
      }).meta({ id: 'RegisteredComponent' }),
      LocationSchema,
      'Registered',
    ),
    ...problemDefault,
  },
});

const read = createRoute({
  method: 'get',
  path: '/v1/components/{id}',
  'x-permission': 'read-component',
  tags,
  summary: 'Read component',
  request: { params: IdParamSchema },
  responses: { 200: component, ...problemDefault },
});

const replace = createRoute({
  method: 'put',
  path: '/v1/components/{id}',
  middleware: exactNumbers,
  'x-permission': 'change-component',
  tags,
  summary: 'Replace registration',
  description: 'Read-only fields of a component are ignored. Honours If-Match and If-None-Match.',
  request: { params: IdParamSchema, headers: ConditionsSchema, body: jsonBody(RegistrationBodySchema) },
  responses: { 200: component, ...problemDefault },
});

const change = createRoute({
  method: 'patch',
  path: '/v1/components/{id}',
  middleware: exactNumbers,
  'x-permission': 'change-component',
  tags,
  summary: 'Change registration',
  description: 'Applies a JSON merge patch (RFC 7396). Read-only fields of a component are ignored. Honours If-Match.',
  request: {
    params: IdParamSchema,
    headers: IfMatchSchema,
    body: jsonBody(MergePatchSchema),
  },
  responses: { 200: component, ...problemDefault },
});

const remove = createRoute({
  method: 'delete',
  path: '/v1/components/{id}',
  'x-permission': 'change-component',
  tags,
  summary: 'Remove component',
  description: 'With `drain`, the component first leaves routing for that time. Honours If-Match.',
  request: {
    params: IdParamSchema,
    headers: IfMatchSchema,
    query: z.object({
      drain: integerText(0, 3_600_000).default(0).meta({ description: 'Time out of routing before the removal, ms.' }),
    }),
  },
  responses: {
    202: jsonContent(
      z.object({ id: z.string(), drainsUntil: z.string() }),
      'Draining. The component is removed at `drainsUntil`',
    ),
    204: { description: 'Removed' },
    ...problemDefault,
  },
});

interface Refused {
  readonly ok: false;
  readonly problem: readonly [ProblemCode, ProblemOptions];
}

interface Stored {
  readonly ok: true;
  readonly created: boolean;
  readonly component: ComponentResource;
}

const refused = (code: ProblemCode, options: ProblemOptions): Refused => ({ ok: false, problem: [code, options] });

const CHANGE_ATTEMPTS = 3;

export function mountComponents(app: App): void {
  app.openapi(register, async (c) => {
    const registration = c.req.valid('json');
    const condition = versionCondition(c);
    if (condition === undefined) return invalidCondition(c);
    const stored = await store(c, registration, condition);
    if (!stored.ok) return problemResponse(c, ...stored.problem);
    c.header('location', `/v1/components/${stored.component.id}`);
    c.header('etag', etagOf(stored.component));
    if (!stored.created) return c.json(stored.component, 200);
    const key = await firstKey(c, registration.id);
    return c.json(key ? { ...stored.component, key } : stored.component, 201);
  });

  app.openapi(read, async (c) => {
    const { id } = c.req.valid('param');
    const found = await withRegistryOf(c.get('accessScope'), id, (registry, only) => registry.component(id, only));
    if (!found.ok) return problemOf(c, found);
    c.header('etag', etagOf(found.value));
    return c.json(found.value, 200);
  });

  app.openapi(replace, async (c) => {
    const { id } = c.req.valid('param');
    const condition = versionCondition(c);
    if (condition === undefined) return invalidCondition(c);
    const registration = c.req.valid('json');
    if (registration.id !== id) return problemResponse(c, 'invalid-request', otherId(id, registration.id));
    const current = await withRegistryOf(c.get('accessScope'), id, (registry, only) => registry.component(id, only));
    // A component whose stored state cannot be read is healed by a registration.
    if (!current.ok && current.reason !== 'component-unreadable') return problemOf(c, current);
    // A component that is removed meanwhile must not return.
    const stored = await store(c, registration, condition ?? (current.ok ? 'present' : null));
    if (!stored.ok) return problemResponse(c, ...stored.problem);
    c.header('etag', etagOf(stored.component));
    return c.json(stored.component, 200);
  });

  app.openapi(change, async (c) => {
    const { id } = c.req.valid('param');
    const condition = versionCondition(c);
    if (condition === undefined) return invalidCondition(c);
    const stored = await applyChange(c, id, c.req.valid('json'), condition);
    if (!stored.ok) return problemResponse(c, ...stored.problem);
    c.header('etag', etagOf(stored.component));
    return c.json(stored.component, 200);
  });

  app.openapi(remove, async (c) => {
    const { id } = c.req.valid('param');
    const { drain } = c.req.valid('query');
    const condition = versionCondition(c);
    if (condition === undefined) return invalidCondition(c);
    const removed = await withRegistryOf(c.get('accessScope'), id, (registry, only) =>
      registry.remove(id, { drainMs: drain, ifGeneration: condition, only, actor: actorOf(c) }),
    );
    if (!removed.ok) return problemOf(c, removed);
    const { claim, drainsUntil } = removed.value;
    if (drainsUntil !== null) return c.json({ id, drainsUntil: toIso(drainsUntil) }, 202);
    await coordinator().removed(id, claim);
    forgetType(id);
    return c.body(null, 204);
  });
}

/** Whether the key may register any component of the type, and therefore add the type. */
const mayRegisterType = (scope: AccessScope, type: string): boolean => scope.kind === 'all' || scope.types.has(type);

/** Whether the key may register this id and type. The registration itself checks whether the id is free. */
const mayRegister = (scope: AccessScope, { id, type }: Registration): boolean =>
  mayRegisterType(scope, type) || (scope.kind === 'own' && scope.ids.has(id));

/** Issues a key for a component that a registrar has just registered, valid for that id only. */
async function firstKey(c: Context<AppEnv>, id: string) {
  const owner = ownerFilter(c.get('accessScope'), id);
  if (owner == null) return undefined;
  // The registration has already used the change quota. A large type must not exhaust it while it starts.
  const issued = await issueComponentKey({ componentId: id, owner, quotaHolder: null }, actorOf(c));
  // Without a key the registration still succeeded, and the registrar can request a key later.
  return issued.ok ? toNewKeyResource(issued.value) : undefined;
}

async function store(
  c: Context<AppEnv>,
  registration: Registration,
  ifGeneration: VersionCondition,
): Promise<Stored | Refused> {
  if (!mayRegister(c.get('accessScope'), registration))
    return refused('forbidden', { detail: 'this key may not register the component' });
  const faults = urlFaults(registration, outboundPolicyOf(c.env));
  if (faults.length > 0) return refused('endpoint-not-allowed', { errors: faults });
  const stored = await registerComponent(registration, ifGeneration, {
    owner: ownerFilter(c.get('accessScope'), registration.id) ?? null,
    actor: actorOf(c),
    quotaHolder: quotaHolderOf(c.get('accessScope')),
    mayAddType: mayRegisterType(c.get('accessScope'), registration.type),
    onTypeAdded: (documents) => applyToEdges(c, documents),
  });
  if (stored.ok) return { ok: true, ...stored.value };
  const path = PATH_OF_REFUSAL[stored.reason];
  const errors = path === undefined ? {} : { errors: [{ path, message: stored.message }] };
  return refused(stored.reason, { ...problemOptionsOf(stored), ...errors });
}

const PATH_OF_REFUSAL: Partial<Record<ProblemCode, string>> = {
  'id-taken': 'id',
  'unknown-type': 'type',
  'type-limit': 'type',
  'type-conflict': 'type',
  'component-limit': 'type',
  'type-memory-limit': 'metadata',
  'header-value-unknown': 'healthCheck.headers',
  'dependency-not-registered': 'dependencies',
  'dependency-cycle': 'dependencies',
};

/** Reads, merges and stores on the condition that nothing changed meanwhile; repeats if another call was faster. */
async function applyChange(
  c: Context<AppEnv>,
  id: string,
  patch: Json,
  condition: VersionCondition,
): Promise<Stored | Refused> {
  const isFixed = typeof condition === 'number';
  for (let attempt = 1; ; attempt++) {
    const current = await withRegistryOf(c.get('accessScope'), id, (registry, only) => registry.component(id, only));
    if (!current.ok) return refused(current.reason, { detail: current.message });
    const merged = RegistrationSchema.safeParse(mergePatch(registrationOf(current.value), patch));
    if (!merged.success) return refused('invalid-request', { errors: merged.error.issues.flatMap(toFaults) });
    if (merged.data.id !== id) return refused('invalid-request', otherId(id, merged.data.id));
    const stored = await store(c, merged.data, isFixed ? condition : current.value.generation);
    const lostRace = !stored.ok && stored.problem[0] === 'precondition-failed' && !isFixed;
    if (!lostRace) return stored;
    if (attempt === CHANGE_ATTEMPTS)
      return refused('busy', { detail: 'other calls kept changing the registration; retry later' });
  }
}

/** The fields of a component resource that belong to the registration. */
function registrationOf(resource: ComponentResource): Json {
  const names = Object.keys(RegistrationSchema.shape) as (keyof Registration)[];
  const entries = names.filter((name) => resource[name] !== undefined).map((name) => [name, resource[name]] as const);
  return Object.fromEntries(entries) as Json;
}

const otherId = (id: string, received: string): ProblemOptions => ({
  errors: [{ path: 'id', message: `an id cannot be changed: ${id} in the path, ${received} in the body` }],
});
