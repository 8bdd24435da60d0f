/**
 * The typed client of the coordinator's HTTP interface, version 1.
 *
 * Runs in browsers, Node and Workers: it needs nothing but `fetch`. Takes types from the wire schemas
 * and no code, so it stays small and trusts the coordinator's answers. Retries nothing: what to do
 * after `CoordinatorError.retryAfterMs` is the caller's choice.
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
import type { OperationSchema } from '../api/schemas/operation.ts';
import type { OutcomesReceiptSchema, OutcomesSchema } from '../api/schemas/outcome.ts';
import type { PreviewRequestSchema, RecoveryPreviewSchema } from '../api/schemas/recovery-preview.ts';
import type { RedistributionRequestSchema, RedistributionSchema } from '../api/schemas/redistribution.ts';
import type { RouteAnswer, RouteRequestBody } from '../api/schemas/route.ts';
import type { EventResource } from '../api/schemas/events/cloud-event.ts';
import type { EventPageSchema, SystemHealthResource } from '../api/schemas/system.ts';
import type { RegistrationInput } from '../core/component/registration.ts';
import type { SnapshotResource } from '../api/schemas/snapshot.ts';
import { ConfigClient } from './config-client.ts';
import type { Call, ClientOptions, Open, Send } from './http-transport.ts';
import { httpOpener, httpTransport } from './http-transport.ts';
import type { SnapshotRequired, WatchQuery } from './watch-events.ts';
import { watchEvents } from './watch-events.ts';
import type { SnapshotQuery } from './watch-snapshot.ts';
import { readSnapshot, watchSnapshot } from './watch-snapshot.ts';
import type { LeaseRequest, LeasedWork } from './with-lease.ts';
import { WebhookClient } from './webhook-client.ts';
import { withLease } from './with-lease.ts';

/** Which page of a list: at most `limit` items, from `cursor` (a page's `nextCursor`) on. */
export type PageQuery = { readonly limit?: number; readonly cursor?: string };

type ComponentFilter = Pick<
  output<typeof ComponentQuerySchema>,
  'type' | 'status' | 'lifecycle' | 'location' | 'capability'
>;
/** Filters of the component list; `metadata.KEY` compares one entry of the metadata. */
export type ComponentListQuery = PageQuery &
  Partial<ComponentFilter> & { readonly [key: `metadata.${string}`]: string };
/** `since` and `until` are ISO 8601. */
export type FailureListQuery = PageQuery & Omit<input<typeof FailureStatsQuerySchema>, 'bucket'>;
export type FailureStatsQuery = input<typeof FailureStatsQuerySchema>;
export type RecoveryListQuery = PageQuery & Partial<Pick<RecoveryResource, 'componentId' | 'componentType' | 'status'>>;
export type IncidentListQuery = PageQuery & Partial<Pick<IncidentResource, 'componentId' | 'status'>>;

export type LeaseListQuery = PageQuery & { readonly type?: string; readonly componentId?: string };

/** `from` and `to` are timestamps: nothing before the one, nothing at or after the other. */
export type HistoryQuery = PageQuery & { readonly from?: string; readonly to?: string };

export type EventQuery = {
  /** Only events after this sequence; without it the newest. */
  readonly after?: string | number;
  readonly limit?: number;
  readonly types?: readonly EventResource['type'][];
};

export interface Registered {
  readonly created: boolean;
  readonly component: Component;
  readonly key: NewKey | null;
}

type NewKey = output<typeof NewKeySchema>;

/** Every method throws `CoordinatorError` when the coordinator answers anything but a success. */
export class CoordinatorClient {
  /** What is set: for all types, for one, for one component. */
  readonly config: ConfigClient;
  /** Where events and alerts are sent. */
  readonly webhooks: WebhookClient;
  readonly #send: Send;
  readonly #open: Open;

  constructor(options: ClientOptions) {
    this.#send = httpTransport(options);
    this.config = new ConfigClient(this.#send);
    this.webhooks = new WebhookClient(this.#send);
    this.#open = httpOpener(options);
  }

  /**
   * Registers a component, or brings its registration up to date; `created` tells which. With a registrar's
   * key the first registration brings a key for the component alone, which is not shown again.
   */
  async register(registration: RegistrationInput): Promise<Registered> {
    const answer = await this.#send({ method: 'POST', path: '/v1/components', body: registration });
    const { key = null, ...component } = answer.body as Component & { readonly key?: NewKey };
    return { created: answer.status === 201, component, key };
  }

  /** A key for the component alone; the one it had works on for ten minutes. */
  issueKey(id: string): Promise<NewKey> {
    return this.#call({ method: 'POST', path: componentPath(id, '/key') });
  }

  /** Makes a key. It is not shown again. */
  createKey(body: input<typeof KeyRequestSchema>): Promise<NewKey> {
    return this.#call({ method: 'POST', path: '/v1/keys', body });
  }

  /** Gives a key another secret; the one before works until the overlap (ms, a day by default) is over. */
  rotateKey(id: string, body: input<typeof RotationSchema> = {}): Promise<NewKey> {
    return this.#call({ method: 'POST', path: `/v1/keys/${encodeURIComponent(id)}/rotate`, body });
  }

  /** Sets what a key may hold of leases; what is left out stays. */
  setQuotas(id: string, quotas: input<typeof KeyChangeSchema>['quotas']): Promise<KeyResource> {
    return this.#call({ method: 'PATCH', path: `/v1/keys/${encodeURIComponent(id)}`, body: { quotas } });
  }

  /** Ends a key, with `cascade` also the component keys that were issued for it. */
  revokeKey(id: string, { cascade = false }: { readonly cascade?: boolean } = {}): Promise<KeyResource> {
    const query = { cascade: String(cascade) };
    return this.#call({ method: 'DELETE', path: `/v1/keys/${encodeURIComponent(id)}`, query });
  }

  /** One component; 404 `CoordinatorError` when it is not registered. */
  component(id: string): Promise<Component> {
    return this.#call({ path: componentPath(id) });
  }

  /** One page of the components, with their health and load. */
  components(query: ComponentListQuery = {}): Promise<output<typeof ComponentPageSchema>> {
    return this.#call({ path: '/v1/components', query });
  }

  /** Takes a component out for good. */
  async deregister(id: string): Promise<void> {
    await this.#send({ method: 'DELETE', path: componentPath(id) });
  }

  /** Says that the component lives, and optionally how it feels and how busy it is. */
  heartbeat(id: string, body: input<typeof HeartbeatSchema> = {}): Promise<output<typeof HeartbeatResultSchema>> {
    return this.#call({ method: 'POST', path: componentPath(id, '/heartbeat'), body });
  }

  /** Has the component checked now; answers with the result of that check. */
  probe(id: string): Promise<output<typeof ProbeResultSchema>> {
    return this.#call({ method: 'POST', path: componentPath(id, '/probe') });
  }

  /**
   * Drains, isolates, maintains, restores or switches over the component; asking twice is once. Answers it as it is then.
   * `restart` and `scale_up` answer the recovery that carries it out; repeat them with the same `idempotencyKey`.
   */
  act<B extends input<typeof OperationSchema>>(
    id: string,
    body: B,
  ): Promise<B['action'] extends 'restart' | 'scale_up' ? RecoveryResource : Component> {
    return this.#call({ method: 'POST', path: componentPath(id, '/actions'), body });
  }

  /** All that is known of how the component is, and how available it was. */
  health(id: string): Promise<output<typeof HealthReportSchema>> {
    return this.#call({ path: componentPath(id, '/health') });
  }

  /** One page of the component's samples and transitions, newest first. */
  history(id: string, query: HistoryQuery = {}): Promise<output<typeof HistoryPageSchema>> {
    return this.#call({ path: componentPath(id, '/history'), query });
  }

  /** Reports a failure seen by a caller. It counts towards the threshold of recovery. */
  reportFailure(id: string, body: input<typeof FailureReportSchema>): Promise<output<typeof FailureReceiptSchema>> {
    return this.#call({ method: 'POST', path: componentPath(id, '/failures'), body });
  }

  /** The secret that calls to the component's control endpoint are signed with, as in Standard Webhooks. */
  controlSecret(id: string): Promise<output<typeof ControlSecretSchema>> {
    return this.#call({ path: componentPath(id, '/control-secret') });
  }

  /** Asks who should serve a request, with `lease` exactly; 503 `CoordinatorError` with `retryAfterMs` when nobody can. */
  route(body: RouteRequestBody): Promise<RouteAnswer> {
    return this.#call({ method: 'POST', path: '/v1/route', body });
  }

  /** Says how work went that was routed without a lease, up to 500 pieces of one component at once. */
  reportOutcomes(id: string, outcomes: input<typeof OutcomesSchema>): Promise<output<typeof OutcomesReceiptSchema>> {
    return this.#call({ method: 'POST', path: componentPath(id, '/outcomes'), body: outcomes });
  }

  /** Does a piece of work under a lease, which is renewed while it takes and completed in the end. */
  withLease<T>(request: LeaseRequest, work: (leased: LeasedWork) => Promise<T>): Promise<T> {
    return withLease(this, request, work);
  }

  /** Says how the work of a lease went, and frees its slots; saying it again changes nothing. */
  complete(leaseId: string, body: input<typeof CompletionSchema>): Promise<output<typeof CompletedLeaseSchema>> {
    return this.#call({ method: 'POST', path: leasePath(leaseId, '/complete'), body });
  }

  /** Keeps a lease for so long from now on. */
  renew(leaseId: string, body: input<typeof RenewalSchema>): Promise<output<typeof RenewedLeaseSchema>> {
    return this.#call({ method: 'POST', path: leasePath(leaseId, '/renew'), body });
  }

  /** One page of the leases that are held, and who waits for one. */
  leases(query: LeaseListQuery = {}): Promise<output<typeof LeasePageSchema>> {
    return this.#call({ path: '/v1/leases', query });
  }

  /** The health of the whole system, by type, and what is wrong. */
  systemHealth(): Promise<SystemHealthResource> {
    return this.#call({ path: '/v1/health' });
  }

  /** The load of every component, of one type when asked. */
  load(query: { readonly type?: string } = {}): Promise<output<typeof LoadEntrySchema>[]> {
    return this.#call({ path: '/v1/load', query });
  }

  /** Shares work out anew now, of one type or all; who gets which part of it before and after. */
  redistribute(body: input<typeof RedistributionRequestSchema> = {}): Promise<output<typeof RedistributionSchema>> {
    return this.#call({ method: 'POST', path: '/v1/load/redistribute', body });
  }

  /** One page of the failures, newest first. */
  failures(query: FailureListQuery = {}): Promise<output<typeof FailurePageSchema>> {
    return this.#call({ path: '/v1/failures', query });
  }

  /** Failures added up; with `bucket` over time too, for charts. */
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

  /** What would happen if that component failed so now; changes nothing. */
  previewRecovery(body: input<typeof PreviewRequestSchema>): Promise<output<typeof RecoveryPreviewSchema>> {
    return this.#call({ method: 'POST', path: '/v1/recoveries/preview', body });
  }

  /** One page of the incidents, newest first. */
  incidents(query: IncidentListQuery = {}): Promise<output<typeof IncidentPageSchema>> {
    return this.#call({ path: '/v1/incidents', query });
  }

  /** One page of events, oldest first; `nextCursor` is the `after` of the next page. */
  events(query: EventQuery = {}): Promise<output<typeof EventPageSchema>> {
    return this.#call({ path: '/v1/events', query });
  }

  /**
   * Events as they happen, each once and in order, for as long as `signal` lets it. In an event's place it may be told
   * that a snapshot is required: then the log does not hold what comes next, and events after `newest` follow.
   */
  watchEvents(query: WatchQuery = {}): AsyncGenerator<EventResource | SnapshotRequired, void> {
    return watchEvents(this.#open, query);
  }

  /** All components with their index; with `index` null while that has not moved, for which it waits up to `wait`. */
  snapshot(query: SnapshotQuery = {}): Promise<SnapshotResource | null> {
    return readSnapshot(this.#send, query);
  }

  /** All components, each time that something has changed, for as long as `signal` lets it. */
  watchSnapshot(query: SnapshotQuery = {}): AsyncGenerator<SnapshotResource, void> {
    return watchSnapshot(this.#send, query);
  }

  async #call<T>(call: Call): Promise<T> {
    return (await this.#send(call)).body as T;
  }
}

const componentPath = (id: string, rest = ''): string => `/v1/components/${encodeURIComponent(id)}${rest}`;

const leasePath = (id: string, rest: string): string => `/v1/leases/${encodeURIComponent(id)}${rest}`;
