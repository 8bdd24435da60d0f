/** What the SystemCoordinator answers, as the rest of the house sees it. */
import { env } from 'cloudflare:workers';
import type { EventSink, EventType, LoggedEvent } from '../core/event/coordinator-event.ts';
import type { SystemHealth } from '../core/health/system-health.ts';
import type { Result } from '../core/result.ts';
import type { Delivery } from './delivery-store.ts';

export interface CoordinatorApi extends EventSink {
  /** Holds an id for a registration for 60 s; the number orders all claims and becomes the registration's generation. */
  claim(claim: Claim): Promise<Result<{ sequence: number }, ClaimRefusal>>;
  /** The registration of that claim is stored; false when the claim is lost meanwhile and must be made again. */
  confirm(id: string, sequence: number): Promise<boolean>;
  /** The registration of that claim was refused: gives the claim up, and what was entered under its number. */
  release(id: string, sequence: number): Promise<void>;
  /** The registry removed the component it held under that number. */
  removed(id: string, sequence: number): Promise<void>;
  /** The type of a registered component, or null. */
  typeOf(id: string): Promise<string | null>;
  /** The same for many, in their order. */
  typesOf(ids: readonly string[]): Promise<(string | null)[]>;
  /** Claims whose time is over, for the sweep to settle. */
  unsettled(now: number): Promise<Unsettled[]>;
  /** Repairs an entry by what the registry really holds. */
  settle(id: string, sequence: number, held: Held | null): Promise<void>;
  events(query: EventQuery): Promise<LoggedEvent[]>;
  systemHealth(): Promise<SystemHealth>;
  /** Something owed to the outside, or null. */
  delivery(id: string): Promise<Delivery | null>;
  /** The queue tries it again at that time: until then it is not lost. */
  postponeDelivery(id: string, until: number): Promise<void>;
  settleDelivery(id: string, state: 'delivered' | 'dead', error: string | null): Promise<void>;
  /** Keeps the log within its bounds and puts back into the queue what is owed and was lost from it. */
  sweep(now: number): Promise<void>;
}

export interface Claim {
  readonly id: string;
  readonly type: string;
  readonly dependencies: readonly string[];
}

export type ClaimRefusal = 'type-conflict' | 'dependency-not-registered' | 'dependency-cycle';

/** What a registry holds of a component. */
export interface Held {
  /** Number of the claim it is stored under. */
  readonly claim: number;
  readonly dependencies: readonly string[];
}

export interface Unsettled {
  readonly id: string;
  readonly type: string;
  readonly sequence: number;
}

export interface EventQuery {
  /** Events after this sequence. */
  readonly after: number;
  readonly types: readonly EventType[] | null;
  readonly limit: number;
  /** Newest first instead, before the end of the log. */
  readonly newest: boolean;
}

/** The one coordinator of this deployment. */
export function coordinator(): CoordinatorApi {
  const stub: unknown = env.SYSTEM_COORDINATOR.getByName('system');
  return stub as CoordinatorApi;
}
