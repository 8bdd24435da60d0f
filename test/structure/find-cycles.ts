/** Finds import cycles with Tarjan's algorithm for strongly connected components. */

/** Groups of files that import each other, directly or not; type imports count. Linear in files and imports. */
export function findCycles(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const cycles: string[][] = [];

  const visit = (file: string): number => {
    const at = order.size;
    order.set(file, at);
    low.set(file, at);
    stack.push(file);
    onStack.add(file);
    for (const target of imports.get(file) ?? []) {
      if (!order.has(target)) low.set(file, Math.min(low.get(file)!, visit(target)));
      else if (onStack.has(target)) low.set(file, Math.min(low.get(file)!, order.get(target)!));
    }
    if (low.get(file) === at) {
      const group = stack.splice(stack.indexOf(file));
      for (const member of group) onStack.delete(member);
      if (group.length > 1 || imports.get(file)?.includes(file)) cycles.push(group.toSorted());
    }
    return low.get(file)!;
  };
  for (const file of imports.keys()) if (!order.has(file)) visit(file);
  return cycles;
}
