/**
 * An indexed binary heap: items ordered by a number, the smallest first. An item can be moved and removed.
 *
 * Setting and removing an item costs O(log n), reading the smallest key O(1), reading the k first items O(k log k).
 */
export class IndexedHeap<T> {
  private readonly items: T[] = [];
  private readonly keys: number[] = [];
  private readonly positions = new Map<T, number>();

  get size(): number {
    return this.items.length;
  }

  /** The smallest key; Infinity for an empty heap. */
  get minKey(): number {
    return this.keys[0] ?? Infinity;
  }

  /** Adds the item, or moves it to its new key. The key Infinity removes it. */
  set(item: T, key: number): void {
    if (key === Infinity) return this.delete(item);
    const known = this.positions.get(item);
    if (known === undefined) this.rise(this.items.length, item, key);
    else if (key < this.keys[known]!) this.rise(known, item, key);
    else if (key > this.keys[known]!) this.sink(known, item, key);
  }

  delete(item: T): void {
    const position = this.positions.get(item);
    if (position === undefined) return;
    this.positions.delete(item);
    const last = this.items.pop()!;
    const key = this.keys.pop()!;
    if (position === this.items.length) return;
    if (key < this.keys[position]!) this.rise(position, last, key);
    else this.sink(position, last, key);
  }

  /** Returns up to `limit` items with a key of at most `maxKey`, by ascending key. The heap keeps them. */
  first(limit: number, maxKey = Infinity): T[] {
    const found: T[] = [];
    if (this.minKey > maxKey || limit <= 0 || this.size === 0) return found;
    const next = new IndexedHeap<number>();
    next.set(0, this.keys[0]!);
    while (found.length < limit && next.size > 0) {
      const position = next.items[0]!;
      next.delete(position);
      found.push(this.items[position]!);
      for (const child of [2 * position + 1, 2 * position + 2])
        if (child < this.size && this.keys[child]! <= maxKey) next.set(child, this.keys[child]!);
    }
    return found;
  }

  private rise(start: number, item: T, key: number): void {
    let position = start;
    while (position > 0) {
      const parent = (position - 1) >> 1;
      if (this.keys[parent]! <= key) break;
      this.place(position, this.items[parent]!, this.keys[parent]!);
      position = parent;
    }
    this.place(position, item, key);
  }

  private sink(start: number, item: T, key: number): void {
    let position = start;
    for (;;) {
      const left = 2 * position + 1;
      if (left >= this.size) break;
      const child = left + 1 < this.size && this.keys[left + 1]! < this.keys[left]! ? left + 1 : left;
      if (this.keys[child]! >= key) break;
      this.place(position, this.items[child]!, this.keys[child]!);
      position = child;
    }
    this.place(position, item, key);
  }

  private place(position: number, item: T, key: number): void {
    this.items[position] = item;
    this.keys[position] = key;
    this.positions.set(item, position);
  }
}
