/** An isolate that leases from blocks of a registry, beside others: only what it does over RPC reaches the registry. */
import { runInDurableObject } from 'cloudflare:test';
import { DEFAULT_BALANCING } from '../../../src/core/balancing/balancing-settings.ts';
import type { RouteRequest } from '../../../src/core/balancing/pick.ts';
import type { BlockReport } from '../../../src/core/lease/block.ts';
import type { ComponentRegistry } from '../../../src/registry/component-registry.ts';
import { BlockCache } from '../../../src/edge/block-cache.ts';
import { applyDelta, newEdgeSnapshot } from '../../../src/edge/edge-snapshot.ts';
import type { Completion } from '../../../src/registry/contract/lease-api.ts';
import type { FreshRegistry } from '../fresh-registry.ts';
import { leaseRequest, completion } from './leasing.ts';

export interface IsolateLease {
  readonly id: string;
  readonly componentId: string;
  readonly expiresAt: number;
}

const { route: PLAIN_REQUEST } = leaseRequest();

/** Has a registry grant blocks of so many slots; null for none. Until it is started again. */
export const grantBlocks = ({ stub }: FreshRegistry, size: number | null): Promise<void> =>
  runInDurableObject(stub, (instance: ComponentRegistry) => {
    const leaseBlocks = size === null ? null : { size };
    Object.assign(instance['runtime'].state, { balancing: { ...DEFAULT_BALANCING, leaseBlocks } });
  });

export class LeaseIsolate {
  readonly blocks = new BlockCache();
  readonly edge = newEdgeSnapshot(DEFAULT_BALANCING);
  calls = 0;
  private readonly registry: FreshRegistry;

  constructor(registry: FreshRegistry) {
    this.registry = registry;
  }

  /** Out of a block where one has room, else by a call, which may bring a block; null when all are full. */
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

  /** Here where it is held here, else by a call. */
  async complete({ id, componentId }: IsolateLease, completion: Completion = completion()): Promise<void> {
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

  /** Answers what it told. */
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
