/**
 * Claims of component ids. A registration claims its id first, stores the component in its registry, then confirms the
 * claim. A claim that the caller neither confirms nor releases is settled by the sweep from what the registry stores.
 *
 * Every call runs inside a transaction of the coordinator.
 */
import type { Actor } from '../../core/access/actor.ts';
import type { ConfigDocuments } from '../../core/config/config-documents.ts';
import type { Failure, Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { Claim, ClaimRefusal, Claimed, RegisteredClaim } from '../contract/coordinator-api.ts';
import type { ClaimRow, DirectoryStore } from './directory-store.ts';
import type { RootCauseGraph } from './root-causes.ts';

export interface ClaimsDeps {
  /** Adds the type of a claim, unless it exists. Returns the configuration with a new type, else null. */
  readonly ensureType: (
    type: string,
    addedBy: Actor | null,
    now: number,
  ) => Result<ConfigDocuments | null, 'unknown-type' | 'type-limit'>;
  readonly directory: DirectoryStore;
  readonly rootCauses: RootCauseGraph;
  /** The directory has an entry for an id that had none. */
  readonly onEntered: (id: string, type: string) => void;
  /** The id's last entry has left the directory. */
  readonly onLeft: (id: string) => void;
  /** The component was removed, not only one of its claims given up. */
  readonly onRemoved: (id: string) => void;
}

/** How long an id stays reserved for a registration under way, ms. */
const CLAIM_MS = 60_000;

export class Claims {
  private readonly deps: ClaimsDeps;

  constructor(deps: ClaimsDeps) {
    this.deps = deps;
  }

  claim(claim: Claim, now: number): Result<Claimed, ClaimRefusal> {
    const { directory } = this.deps;
    const refusal = this.refuse(claim);
    if (refusal) return refusal;
    const { id, type, dependencies, typeAddedBy = null } = claim;
    const ensured = this.deps.ensureType(type, typeAddedBy, now);
    if (!ensured.ok) return ensured;
    // Settling the newest overdue claim reveals whatever the registry stores, so older overdue claims are dropped.
    directory.dropOverdue(id, now);
    const entry = directory.entry(id);
    // A registrar's claim under way already counts as ownership. Otherwise an administrator could take over the id.
    const owner = entry ? entry.owner : (directory.pendingOwnerOf(id) ?? claim.owner);
    const sequence = directory.nextSequence();
    directory.addClaim({ id, type, sequence, owner }, now + CLAIM_MS, dependencies);
    return ok({ sequence, owner, addedType: ensured.value });
  }

  confirm(id: string, sequence: number): boolean {
    const { directory } = this.deps;
    const claim = directory.claim(sequence);
    if (!claim) return directory.entry(id)?.sequence === sequence;
    // The component was removed meanwhile, unknown to the caller. The sweep settles the claim.
    if (sequence <= directory.removedUpTo(id)) return false;
    this.enter(claim);
    return true;
  }

  release(id: string, sequence: number): void {
    const { directory } = this.deps;
    const claim = directory.claim(sequence);
    if (claim) directory.dropClaim(claim);
    else if (directory.entry(id)?.sequence === sequence) this.leave(id, sequence);
  }

  /** `registered` is the claim under which the registry stores the component; null when the registry has none. */
  settle(id: string, sequence: number, registered: RegisteredClaim | null): void {
    const { directory } = this.deps;
    const claim = directory.claim(sequence);
    // Already confirmed or released: nothing to repair.
    if (!claim) return;
    if (registered && registered.claim > directory.removedUpTo(id)) {
      directory.addEdges(id, registered.claim, registered.dependencies);
      this.enter({ id, type: claim.type, sequence: registered.claim, owner: registered.owner });
    }
    directory.dropClaim(claim);
  }

  /** Removes the component under that sequence. A registration under an older sequence must claim the id again. */
  remove(id: string, sequence: number): void {
    const { directory, onRemoved } = this.deps;
    this.leave(id, sequence);
    directory.noteRemoval(id, sequence, Date.now());
    if (!directory.entry(id)) onRemoved(id);
  }

  private enter(claim: ClaimRow): void {
    const { directory, rootCauses, onEntered } = this.deps;
    const before = directory.entry(claim.id);
    directory.enter(claim);
    rootCauses.onRegistered(claim.id, before, Date.now());
    if (!before) onEntered(claim.id, claim.type);
  }

  private leave(id: string, sequence: number): void {
    const { directory, rootCauses, onLeft } = this.deps;
    directory.leave(id, sequence);
    rootCauses.onRemoved(id, Date.now());
    if (!directory.entry(id)) onLeft(id);
  }

  private refuse({ id, type, dependencies, owner }: Claim): Failure<ClaimRefusal> | null {
    const { directory } = this.deps;
    const isOwnedByOther = owner !== null && directory.ownersOf(id).some((holder) => holder !== owner);
    if (isOwnedByOther) return fail('id-taken', `${id} is registered by another registrar`);
    const other = directory.typesOf(id).find((known) => known !== type);
    if (other !== undefined) return fail('type-conflict', `${id} is registered as ${other}, not as ${type}`);
    const added = dependencies.filter((dependency) => !directory.dependsOn(id, dependency));
    // A dependency named before may have been removed since, and must not block other changes.
    const missing = added.find((dependency) => !directory.entry(dependency));
    if (missing !== undefined) return fail('dependency-not-registered', `${missing} is not registered`);
    return this.closesCycle(id, added) ? fail('dependency-cycle', `${id} would depend on itself`) : null;
  }

  /** True when the added edges lead back to `id`. The graph had no cycle before, so only new edges can close one. */
  private closesCycle(id: string, added: readonly string[]): boolean {
    const { directory } = this.deps;
    if (added.includes(id)) return true;
    // The search may visit the whole graph, so it is skipped for a component without dependants, as most are.
    return added.length > 0 && directory.hasDependants(id) && directory.reaches(added, id);
  }
}
