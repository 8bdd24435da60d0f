/** Draws servers in proportion to their declared task limits. */
export function drawByTaskLimit(taskLimits: readonly number[], random: () => number): () => number {
  const urn = taskLimits.flatMap((taskLimit, at) => Array.from({ length: taskLimit }, () => at));
  return () => urn[Math.floor(random() * urn.length)]!;
}
