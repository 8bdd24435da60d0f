/** Reference model of the directory's dependencies: edges in maps, with every path followed. */
interface Registering {
  readonly id: string;
  readonly names: readonly string[];
}

type Verdict = 'held' | 'dependency-not-registered' | 'dependency-cycle';

export class PlainDirectory {
  readonly entries = new Map<string, { readonly sequence: number; readonly names: readonly string[] }>();
  readonly claims = new Map<number, Registering>();
  private readonly removed = new Map<string, number>();

  verdict(id: string, names: readonly string[]): Verdict {
    const known = this.namedBy(id);
    if (names.some((name) => !this.entries.has(name) && !known.has(name))) return 'dependency-not-registered';
    return this.below(names).has(id) ? 'dependency-cycle' : 'held';
  }

  claim(sequence: number, id: string, names: readonly string[]): void {
    this.claims.set(sequence, { id, names });
  }

  enter(sequence: number, id: string): void {
    this.claim(sequence, id, []);
    this.confirm(sequence);
  }

  confirm(sequence: number): boolean {
    const { id, names } = this.claims.get(sequence)!;
    if (sequence <= (this.removed.get(id) ?? 0)) return false;
    this.claims.delete(sequence);
    if (sequence > (this.entries.get(id)?.sequence ?? 0)) this.entries.set(id, { sequence, names });
    return true;
  }

  release(sequence: number): void {
    this.claims.delete(sequence);
  }

  remove(id: string): void {
    this.removed.set(id, this.entries.get(id)!.sequence);
    this.entries.delete(id);
  }

  /** Dependencies of the component, registered or claimed. */
  private namedBy(id: string): Set<string> {
    const claimed = [...this.claims.values()].filter((claim) => claim.id === id).flatMap(({ names }) => names);
    return new Set([...(this.entries.get(id)?.names ?? []), ...claimed]);
  }

  private below(names: readonly string[]): Set<string> {
    const seen = new Set<string>();
    const open = [...names];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (seen.has(id)) continue;
      seen.add(id);
      open.push(...this.namedBy(id));
    }
    return seen;
  }
}
