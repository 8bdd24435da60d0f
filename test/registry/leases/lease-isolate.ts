/** An isolate that leases from blocks of a registry. Other isolates learn of its leases over RPC only. */
import { runInDurableObject } from 'cloudflare:test';
import { DEFAULT_BALANCING } from '../../../src/core/balancing/balancing-settings.ts';
import type { RouteRequest } from '../../../src/core/balancing/pick.ts';
import type { BlockReport } from '../../../src/core/lease/lease-block.ts';
import type { ComponentRegistry } from '../../../src/registry/component-registry.ts';
import { LeaseBlockCache } from '../../../src/edge/lease-block-cache.ts';
import { applyDelta, newEdgeSnapshot } from '../../../src/edge/edge-snapshot.ts';
import type { Completion } from '../../../src/registry/contract/lease-api.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { leaseRequest, completionOf } from './leasing.ts';

export interface IsolateLease {
  readonly id: string;
  readonly componentId: string;
  readonly expiresAt: number;
}

const { route: PLAIN_REQUEST } = leaseRequest();

/** Makes a registry grant blocks of `size` slots, or none with null, until the object is evicted. */
export const grantBlocks = ({ stub }: FreshRegistry, size: number | null): Promise<void> =>
  runInDurableObject(stub, (instance: ComponentRegistry) => {
    const leaseBlocks = size === null ? null : { size };
    Object.assign(instance['runtime'].state, { balancing: { ...DEFAULT_BALANCING, leaseBlocks } });
  });

export class LeaseIsolate {
  readonly blocks = new LeaseBlockCache();
  readonly edge = newEdgeSnapshot(DEFAULT_BALANCING);
  calls = 0;
  private readonly registry: FreshRegistry;

  constructor(registry: FreshRegistry) {
    this.registry = registry;
  }

  /** Leases from a block with a free slot, else by a call, which may bring a block. Returns null when refused. */
  async lease(ttlMs = 30_000, request: RouteRequest = PLAIN_REQUEST): Promise<IsolateLease | null> {
    const now = Date.now();
    const slot = this.blocks.findSlot(this.edge, request, ttlMs, now);
    if (slot) {
      const { componentId } = slot.block.grant;
      return { componentId, ...(await this.blocks.lease(slot, ttlMs, now)) };
    }
    this.calls += 1;
    const acquired = await this.registry.api.acquire(leaseRequest({ ttlMs, acceptsBlock: true }));
    if (!acquired.ok) return null;
    const { candidate, block, lease } = acquired;
    if (!block) return { componentId: candidate.id, ...lease! };
    this.blocks.addBlock(block, Date.now());
    return { componentId: candidate.id, ...(await this.blocks.leaseFirst(block.id, ttlMs, Date.now())) };
  }

  /** Completes the lease locally if its block is here, else by a call. */
  async complete({ id, componentId }: IsolateLease, completion: Completion = completionOf()): Promise<void> {
    const { outcome } = completion;
    if (this.blocks.componentOf(id, Date.now()) !== null) {
      this.blocks.complete({ id, componentId, outcome, inFlight: 0 });
      return;
    }
    this.calls += 1;
    const completed = await this.registry.api.completeLease(id, completion);
    if (!completed.ok) throw new Error(completed.reason);
    this.blocks.release(id);
  }

  /** Synchronizes and returns the block reports it sent. */
  async sync(): Promise<readonly BlockReport[]> {
    const blocks = this.blocks.report(Date.now());
    const delta = await this.registry.api.sync({
      syncedTo: this.edge.syncedTo,
      assignments: [],
      outcomes: [],
      blocks,
    });
    this.blocks.apply(delta.blocks);
    applyDelta(this.edge, delta, { settings: DEFAULT_BALANCING, edgeMember: delta.edgeMember }, Date.now());
    return blocks;
  }
}
