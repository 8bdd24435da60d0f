/**
 * The typed client of the coordinator's HTTP interface, version 1.
 *
 * Runs in browsers, Node and Workers, and needs only `fetch`. Imports types but no code from the wire schemas: the
 * client stays small and does not validate responses. Never retries a call: the caller decides what to do
 * after `CoordinatorError.retryAfterMs`. The watches reconnect by themselves.
 */
import type { input, output } from 'zod';
import type {
  Component,
  ComponentPageSchema,
  ComponentQuerySchema,
  ControlSecretSchema,
  HeartbeatResultSchema,
  HeartbeatSchema,
  LoadEntrySchema,
  ProbeResultSchema,
} from '../api/schemas/component.ts';
import type {
  FailurePageSchema,
  FailureReceiptSchema,
  FailureReportSchema,
  FailureStatsQuerySchema,
  FailureStatsSchema,
  IncidentPageSchema,
  IncidentResource,
  RecoveryPageSchema,
  RecoveryResource,
} from '../api/schemas/failure.ts';
import type { HealthReportSchema } from '../api/schemas/health-report.ts';
import type { HistoryPageSchema } from '../api/schemas/history.ts';
import type {
  KeyChangeSchema,
  KeyRequestSchema,
  KeyResource,
  NewKeySchema,
  RotationSchema,
} from '../api/schemas/key.ts';
import type {
  CompletedLeaseSchema,
  CompletionSchema,
  LeasePageSchema,
  RenewalSchema,
  RenewedLeaseSchema,
} from '../api/schemas/lease.ts';
import type { IncidentDetailResource } from '../api/schemas/incident.ts';
import type { OperationSchema } from '../api/schemas/operation.ts';
import type { OutcomesReceiptSchema, OutcomesSchema } from '../api/schemas/outcome.ts';
import type { PreviewRequestSchema, RecoveryPreviewSchema } from '../api/schemas/recovery-preview.ts';
import type { RedistributionRequestSchema, RedistributionSchema } from '../api/schemas/redistribution.ts';
import type { RouteResponseData, RouteRequestBody } from '../api/schemas/route.ts';
import type { EventResource } from '../api/schemas/events/cloud-event.ts';
import type { EventPageSchema, SystemHealthResource } from '../api/schemas/system.ts';
import type { RegistrationInput } from '../core/component/registration.ts';
import type { SnapshotResource } from '../api/schemas/snapshot.ts';
import { ConfigClient } from './config-client.ts';
import { describeError } from './describe-error.ts';
import type { Call, ClientOptions, SendRaw, Send } from './http-transport.ts';
import { rawHttpTransport, httpTransport } from './http-transport.ts';
import type { SnapshotRequired, EventWatchQuery } from './watch-events.ts';
import { watchEvents } from './watch-events.ts';
import type { SnapshotQuery } from './watch-snapshot.ts';
import { readSnapshot, watchSnapshot } from './watch-snapshot.ts';
import type { LeaseRequest, LeasedWork } from './with-lease.ts';
import { WebhookClient } from './webhook-client.ts';
import { withLease } from './with-lease.ts';

/** A page of a list: at most `limit` items, starting at `cursor` (the previous page's `nextCursor`). */
export type PageQuery = { readonly limit?: number; readonly cursor?: string };

type ComponentFilter = Pick<
  output<typeof ComponentQuerySchema>,
  'type' | 'status' | 'lifecycle' | 'location' | 'capability'
>;
/** Filters of the component list; `metadata.KEY` compares one entry of the metadata. */
export type ComponentListQuery = PageQuery &
  Partial<ComponentFilter> & { readonly sort?: 'id' | 'severity'; readonly [key: `metadata.${string}`]: string };
/** `since` and `until` are ISO 8601. */
export type FailureListQuery = PageQuery & Omit<input<typeof FailureStatsQuerySchema>, 'bucket'>;
export type FailureStatsQuery = input<typeof FailureStatsQuerySchema>;
export type RecoveryListQuery = PageQuery & Partial<Pick<RecoveryResource, 'componentId' | 'componentType' | 'status'>>;
export type IncidentListQuery = PageQuery & Partial<Pick<IncidentResource, 'componentId' | 'status'>>;

export type LeaseListQuery = PageQuery & { readonly type?: string; readonly componentId?: string };

/** `from` (inclusive) and `to` (exclusive) are ISO 8601. */
export type HistoryQuery = PageQuery & { readonly from?: string; readonly to?: string };

export type EventQuery = {
  /** Only events after this sequence; without it, the newest events. */
  readonly after?: string | number;
  readonly limit?: number;
  readonly types?: readonly EventResource['type'][];
};

export interface RegistrationResult {
  readonly created: boolean;
  readonly component: Component;
  readonly key: NewKey | null;
}

/** `error`: an `Error`, its description, or any thrown value. */
export interface FailureToReport {
  readonly error: unknown;
  readonly context?: input<typeof FailureReportSchema>['context'];
}

type NewKey = output<typeof NewKeySchema>;

/** Every method throws `CoordinatorError` when the coordinator returns an error status. */
export class CoordinatorClient {
  /** Configuration of all types, one type, or one component. */
  readonly config: ConfigClient;
  /** Webhooks that receive events and alerts. */
  readonly webhooks: WebhookClient;
  readonly #send: Send;
  readonly #sendRaw: SendRaw;

  constructor(options: ClientOptions) {
    this.#send = httpTransport(options);
    this.config = new ConfigClient(this.#send);
    this.webhooks = new WebhookClient(this.#send);
    this.#sendRaw = rawHttpTransport(options);
  }

  /**
   * Registers a component or updates its registration; `created` says which. With a registrar's key, the first
   * registration returns a key for that component only. The coordinator never returns that key again.
   */
  async register(registration: RegistrationInput): Promise<RegistrationResult> {
    const response = await this.#send({ method: 'POST', path: '/v1/components', body: registration });
    const { key = null, ...component } = response.body as Component & { readonly key?: NewKey };
    return { created: response.status === 201, component, key };
  }

  /** Issues a key for that component only; the previous key stays valid for ten minutes. */
  issueKey(id: string): Promise<NewKey> {
    return this.#call({ method: 'POST', path: componentPath(id, '/key') });
  }

  /** Creates a key. The coordinator never returns its secret again. */
  createKey(body: input<typeof KeyRequestSchema>): Promise<NewKey> {
    return this.#call({ method: 'POST', path: '/v1/keys', body });
  }

  /** Gives a key a new secret; the old one stays valid for the overlap (ms, by default a day). */
  rotateKey(id: string, body: input<typeof RotationSchema> = {}): Promise<NewKey> {
    return this.#call({ method: 'POST', path: `/v1/keys/${encodeURIComponent(id)}/rotate`, body });
  }

  /** Sets a key's lease quotas; quotas that are left out stay as they are. */
  setQuotas(id: string, quotas: output<typeof KeyChangeSchema>['quotas']): Promise<KeyResource> {
    return this.#call({ method: 'PATCH', path: `/v1/keys/${encodeURIComponent(id)}`, body: { quotas } });
  }

  /** Revokes a key; with `cascade` also the component keys that were issued for it. */
  revokeKey(id: string, { cascade = false }: { readonly cascade?: boolean } = {}): Promise<KeyResource> {
    const query = { cascade: String(cascade) };
    return this.#call({ method: 'DELETE', path: `/v1/keys/${encodeURIComponent(id)}`, query });
  }

  /** Reads a component; throws a 404 `CoordinatorError` when it is not registered. */
  component(id: string): Promise<Component> {
    return this.#call({ path: componentPath(id) });
  }

  /** One page of the components, with their health and load. */
  components(query: ComponentListQuery = {}): Promise<output<typeof ComponentPageSchema>> {
    return this.#call({ path: '/v1/components', query });
  }

  /** Deregisters a component permanently. */
  async deregister(id: string): Promise<void> {
    await this.#send({ method: 'DELETE', path: componentPath(id) });
  }

  /** Sends a heartbeat, optionally with the component's own status and load. */
  heartbeat(id: string, body: input<typeof HeartbeatSchema> = {}): Promise<output<typeof HeartbeatResultSchema>> {
    return this.#call({ method: 'POST', path: componentPath(id, '/heartbeat'), body });
  }

  /** Runs a health check of the component now and returns its result. */
  probe(id: string): Promise<output<typeof ProbeResultSchema>> {
    return this.#call({ method: 'POST', path: componentPath(id, '/probe') });
  }

  /**
   * Drains, isolates, maintains, restores or switches over a component. Idempotent; returns the component after the
   * action. `restart` and `scale_up` return the recovery that runs them; repeat them with the same `idempotencyKey`.
   */
  act<B extends input<typeof OperationSchema>>(
    id: string,
    body: B,
  ): Promise<B['action'] extends 'restart' | 'scale_up' ? RecoveryResource : Component> {
    return this.#call({ method: 'POST', path: componentPath(id, '/actions'), body });
  }

  /** The component's full health report, with its availability. */
  health(id: string): Promise<output<typeof HealthReportSchema>> {
    return this.#call({ path: componentPath(id, '/health') });
  }

  /** One page of the component's samples and transitions, newest first. */
  history(id: string, query: HistoryQuery = {}): Promise<output<typeof HistoryPageSchema>> {
    return this.#call({ path: componentPath(id, '/history'), query });
  }

  /**
   * Reports a failure seen by a caller, which counts towards the recovery threshold. `error` may be any value that was
   * thrown; its stack stays with the caller.
   */
  reportFailure(id: string, { error, context }: FailureToReport): Promise<output<typeof FailureReceiptSchema>> {
    const body: input<typeof FailureReportSchema> = { error: describeError(error), context };
    return this.#call({ method: 'POST', path: componentPath(id, '/failures'), body });
  }

  /** The secret that signs calls to the component's control endpoint, as in Standard Webhooks. */
  controlSecret(id: string): Promise<output<typeof ControlSecretSchema>> {
    return this.#call({ path: componentPath(id, '/control-secret') });
  }

  /**
   * Picks the component that should serve a request; with `lease` against exact slot counts. Throws a 503
   * `CoordinatorError` with `retryAfterMs` when no component can serve the request.
   */
  route(body: RouteRequestBody): Promise<RouteResponseData> {
    return this.#call({ method: 'POST', path: '/v1/route', body });
  }

  /** Reports outcomes of work that was routed without a lease, at most 500 of one component in a call. */
  reportOutcomes(id: string, outcomes: input<typeof OutcomesSchema>): Promise<output<typeof OutcomesReceiptSchema>> {
    return this.#call({ method: 'POST', path: componentPath(id, '/outcomes'), body: outcomes });
  }

  /** Runs `work` under a lease, renews the lease meanwhile and completes it at the end. */
  withLease<T>(request: LeaseRequest, work: (leased: LeasedWork) => Promise<T>): Promise<T> {
    return withLease(this, request, work);
  }

  /** Reports the outcome of a lease and frees its slots. Idempotent. */
  complete(leaseId: string, body: input<typeof CompletionSchema>): Promise<output<typeof CompletedLeaseSchema>> {
    return this.#call({ method: 'POST', path: leasePath(leaseId, '/complete'), body });
  }

  /** Extends a lease to `ttlMs` from now. */
  renew(leaseId: string, body: input<typeof RenewalSchema>): Promise<output<typeof RenewedLeaseSchema>> {
    return this.#call({ method: 'POST', path: leasePath(leaseId, '/renew'), body });
  }

  /** A page of the active leases, with the requests that wait for one. */
  leases(query: LeaseListQuery = {}): Promise<output<typeof LeasePageSchema>> {
    return this.#call({ path: '/v1/leases', query });
  }

  /** The health of the whole system, by type, with the current issues. */
  systemHealth(): Promise<SystemHealthResource> {
    return this.#call({ path: '/v1/health' });
  }

  /** The load of every component, or of every component of `type`. */
  load(query: { readonly type?: string } = {}): Promise<output<typeof LoadEntrySchema>[]> {
    return this.#call({ path: '/v1/load', query });
  }

  /** Redistributes load now, for one type or all; returns each component's share before and after. */
  redistribute(body: input<typeof RedistributionRequestSchema> = {}): Promise<output<typeof RedistributionSchema>> {
    return this.#call({ method: 'POST', path: '/v1/load/redistribute', body });
  }

  /** One page of the failures, newest first. */
  failures(query: FailureListQuery = {}): Promise<output<typeof FailurePageSchema>> {
    return this.#call({ path: '/v1/failures', query });
  }

  /** Failure counts; with `bucket` also as a time series. */
  failureStats(query: FailureStatsQuery = {}): Promise<output<typeof FailureStatsSchema>> {
    return this.#call({ path: '/v1/failures/stats', query });
  }

  /** One page of the recoveries, newest first. */
  recoveries(query: RecoveryListQuery = {}): Promise<output<typeof RecoveryPageSchema>> {
    return this.#call({ path: '/v1/recoveries', query });
  }

  /** One recovery with its actions, attempts and verification. */
  recovery(id: string): Promise<RecoveryResource> {
    return this.#call({ path: `/v1/recoveries/${encodeURIComponent(id)}` });
  }

  /** Simulates the recovery from a failure of that component, without changing anything. */
  previewRecovery(body: input<typeof PreviewRequestSchema>): Promise<output<typeof RecoveryPreviewSchema>> {
    return this.#call({ method: 'POST', path: '/v1/recoveries/preview', body });
  }

  /** One page of the incidents, newest first. */
  incidents(query: IncidentListQuery = {}): Promise<output<typeof IncidentPageSchema>> {
    return this.#call({ path: '/v1/incidents', query });
  }

  /** Reads one incident with its failures, recovery and timeline. */
  incident(id: string): Promise<IncidentDetailResource> {
    return this.#call({ path: `/v1/incidents/${encodeURIComponent(id)}` });
  }

  /** One page of events, oldest first; `nextCursor` is the `after` of the next page. */
  events(query: EventQuery = {}): Promise<output<typeof EventPageSchema>> {
    return this.#call({ path: '/v1/events', query });
  }

  /**
   * Yields events as they happen, each once and in order, until `signal` aborts. Yields `SnapshotRequired` where the
   * log no longer holds the next events, and goes on with events after `newest`.
   */
  watchEvents(query: EventWatchQuery = {}): AsyncGenerator<EventResource | SnapshotRequired, void> {
    return watchEvents(this.#sendRaw, query);
  }

  /** All components and their index. With `index`, waits up to `wait` ms for another one; null if it stays the same. */
  snapshot(query: SnapshotQuery = {}): Promise<SnapshotResource | null> {
    return readSnapshot(this.#send, query);
  }

  /** Yields all components now and after each change, until `signal` aborts. */
  watchSnapshot(query: SnapshotQuery = {}): AsyncGenerator<SnapshotResource, void> {
    return watchSnapshot(this.#send, query);
  }

  async #call<T>(call: Call): Promise<T> {
    return (await this.#send(call)).body as T;
  }
}

const componentPath = (id: string, suffix = ''): string => `/v1/components/${encodeURIComponent(id)}${suffix}`;

const leasePath = (id: string, suffix: string): string => `/v1/leases/${encodeURIComponent(id)}${suffix}`;
