import { exports } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { EVENT_TYPES } from '../../../src/core/event/coordinator-event.ts';
import { contractOperations } from '../../support/contract-operations.ts';

const worker = exports as unknown as { default: Fetcher };
const METHODS = ['get', 'put', 'post', 'delete', 'patch'];

// oxlint-disable-next-line typescript/no-explicit-any -- a JSON document whose shape the tests assert
type Document = any;

const contractResponse = await worker.default.fetch('https://coordinator.test/openapi.json');
const contract: Document = await contractResponse.clone().json();

const operations: { name: string; path: string; operation: Document }[] = Object.entries(contract.paths ?? {}).flatMap(
  ([path, item]) =>
    Object.entries(item as Record<string, Document>)
      .filter(([method]) => METHODS.includes(method))
      .map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, path, operation })),
);

/** Every value of a document, with the path to it. */
function* valuesIn(value: unknown, path = '#'): Generator<[string, unknown]> {
  yield [path, value];
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) yield* valuesIn(inner, `${path}/${name}`);
}

const resolve = (pointer: string): unknown =>
  pointer
    .replace(/^#\//, '')
    .split('/')
    .reduce<Document>((value, part) => value?.[part.replaceAll('~1', '/').replaceAll('~0', '~')], contract);

describe('the contract', () => {
  it('is served without a key, as OpenAPI 3.1', async () => {
    expect(contractResponse.status).toBe(200);
    expect(contractResponse.headers.get('content-type')).toMatch(/^application\/json/);
    expect(contract.openapi).toMatch(/^3\.1\./);
    expect(contract.info).toMatchObject({ title: expect.stringMatching(/\S/), version: expect.stringMatching(/\S/) });
  });

  it('lists every operation', () => {
    const declared = contractOperations().map(({ method, path }) => `${method} ${path}`);
    expect(operations.map(({ name }) => name).toSorted()).toEqual(declared.toSorted());
    expect(declared).toEqual(
      expect.arrayContaining([
        'POST /v1/components',
        'GET /v1/components',
        'GET /v1/components/{id}',
        'PUT /v1/components/{id}',
        'PATCH /v1/components/{id}',
        'DELETE /v1/components/{id}',
        'POST /v1/components/{id}/heartbeat',
        'POST /v1/heartbeats',
        'POST /v1/components/{id}/probe',
        'POST /v1/components/{id}/failures',
        'GET /v1/components/{id}/health',
        'POST /v1/route',
        'POST /v1/components/{id}/outcomes',
        'POST /v1/leases/{id}/complete',
        'POST /v1/leases/{id}/renew',
        'GET /v1/leases',
        'GET /v1/health',
        'GET /v1/load',
        'GET /v1/failures',
        'GET /v1/failures/stats',
        'GET /v1/recoveries',
        'GET /v1/recoveries/{id}',
        'GET /v1/incidents',
        'GET /v1/events',
        'GET /healthz',
      ]),
    );
  });

  it('requires a key for all operations but liveness', () => {
    expect(contract.security).toEqual([{ key: [] }]);
    expect(contract.components.securitySchemes.key).toMatchObject({ type: 'http', scheme: 'bearer' });
    for (const { path, operation } of operations)
      expect(operation.security).toEqual(path === '/healthz' ? [] : undefined);
  });

  it('has no dangling reference', () => {
    const references = [...valuesIn(contract)].filter(([path]) => path.endsWith('/$ref'));
    expect(references.length).toBeGreaterThan(0);
    for (const [path, reference] of references) {
      expect(reference, path).toMatch(/^#\//);
      expect(resolve(String(reference)), `${path} → ${String(reference)}`).toBeTypeOf('object');
    }
  });

  it('names its schemas', () => {
    expect(Object.keys(contract.components.schemas)).toEqual(
      expect.arrayContaining([
        'Component',
        'ComponentHealth',
        'Registration',
        'Problem',
        'Heartbeat',
        'RouteRequest',
        'Event',
        'SystemHealth',
      ]),
    );
  });
});

describe('events in the contract', () => {
  const { mapping, propertyName } = contract.components.schemas.Event.discriminator;

  it('are discriminated by type, and every type is listed', () => {
    expect(propertyName).toBe('type');
    expect(Object.keys(mapping)).toEqual([...EVENT_TYPES]);
  });

  it.each(EVENT_TYPES)('%s has an extensible schema for its data', (type) => {
    const schema: Document = resolve(mapping[type]);
    expect(schema.properties.type.enum).toEqual([type]);
    expect(schema.description).toMatch(/\S/);
    expect(schema.properties.data).toMatchObject({ type: 'object', additionalProperties: {} });
    expect(Object.keys(schema.properties.data.properties).length).toBeGreaterThan(0);
  });

  it('are the payloads of webhooks', () => {
    for (const [type, { post }] of Object.entries<Document>(contract.webhooks))
      expect(post.requestBody.content['application/cloudevents+json'].schema.$ref).toBe(mapping[type]);
    expect(Object.keys(contract.webhooks)).toContain('incident.opened');
  });
});

describe.each(operations)('$name', ({ path, operation }) => {
  it('has a summary and a tag', () => {
    expect(operation.summary).toMatch(/\S.*\S/);
    expect(operation.tags).toEqual([expect.any(String)]);
  });

  it('has a schema for its response', () => {
    const good = Object.entries(operation.responses as Record<string, Document>).filter(([status]) =>
      /^(?:2|101)/.test(status),
    );
    expect(good.length).toBeGreaterThan(0);
    for (const [status, response] of good) {
      expect(response.description).toMatch(/\S/);
      const [content] = Object.values((response.content ?? {}) as Record<string, Document>);
      const schema = content?.schema;
      if (status === '204') expect(response.content).toBeUndefined();
      else expect(Object.keys(schema ?? {}).length, status).toBeGreaterThan(0);
    }
  });

  it('declares problems as its default response', () => {
    if (path === '/healthz') return;
    expect(operation.responses.default.content).toEqual({
      'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
    });
  });

  it('declares the parameters of its path, and a schema for its body', () => {
    const declared = ((operation.parameters ?? []) as Document[]).filter((parameter) => parameter.in === 'path');
    expect(declared.map((parameter) => parameter.name)).toEqual(
      [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
    );
    for (const parameter of declared) expect(parameter).toMatchObject({ required: true, schema: expect.any(Object) });
    if (operation.requestBody) expect(operation.requestBody.content['application/json'].schema).toBeTypeOf('object');
  });
});
