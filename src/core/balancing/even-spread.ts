/** Additive recurrence by the golden ratio: any run of its numbers is spread evenly over [0, 1). */
const GOLDEN = 0.618_033_988_749_894_9;

/** The number after `at`; begin anywhere in [0, 1). */
export const nextEvenly = (at: number): number => (at + GOLDEN) % 1;
