/** Servers drawn in proportion to the room that they declare. */
export function drawByRoom(rooms: readonly number[], random: () => number): () => number {
  const urn = rooms.flatMap((room, at) => Array.from({ length: room }, () => at));
  return () => urn[Math.floor(random() * urn.length)]!;
}
