/** Low-discrepancy sequence: an additive recurrence by the golden ratio. Every run of it covers [0, 1) evenly. */
const GOLDEN = 0.618_033_988_749_894_9;

/** Returns the number after `at`. A sequence may start anywhere in [0, 1). */
export const nextEvenly = (at: number): number => (at + GOLDEN) % 1;
