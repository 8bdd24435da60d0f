/**
 * Ids of leases say which type they belong to, so that whoever ends one needs no directory, and cannot be made
 * up: `l-task_router-` and 32 hex digits, the last 24 of them random.
 *
 * A lease out of a block adds slot, number of use, end (base 36) and a signature to the digits of its block,
 * because nobody but its isolate knows of it. A block itself is `b-task_router-` and its digits.
 */
export const LEASE_ID_PATTERN =
  /^l-([a-z][a-z0-9_]{0,63})-([0-9a-f]{32})(?:-([0-9a-z]{1,3})-([0-9a-z]{1,10})-([0-9a-z]{1,9})-([0-9a-f]{32}))?$/;
const BLOCK_ID = /^b-([a-z][a-z0-9_]{0,63})-([0-9a-f]{32})$/;

const TICK_MS = 256;
const TIME_DIGITS = 8;

/**
 * The digits of an id: when it was made, in ticks of 256 ms, and 24 random hex digits (96 bits). Rows of leases
 * that are granted and ended at about the same time so lie in a few pages of their b-tree, not in one each. The
 * time begins anew every 34 years.
 */
export const idDigits = (now: number, random: string): string =>
  `${Math.floor(now / TICK_MS)
    .toString(16)
    .padStart(TIME_DIGITS, '0')
    .slice(-TIME_DIGITS)}${random}`;

/** `digits` as above: nobody can guess them. */
export const leaseIdOf = (type: string, digits: string): string => `l-${type}-${digits}`;
export const blockIdOf = (type: string, digits: string): string => `b-${type}-${digits}`;

/** One of the leases of a block. */
export interface BlockPlace {
  readonly blockId: string;
  readonly slot: number;
  /** How often the slot was leased, this time included. */
  readonly use: number;
  /** When the lease ends, unless it was renewed, epoch ms. */
  readonly expiresAt: number;
}

export interface SignedPlace extends BlockPlace {
  /** What is signed, and 32 hex digits of its signature. */
  readonly text: string;
  readonly signature: string;
}

/** What the id of a lease of a block says, to be signed: the id is this, a dash and the signature. */
export function unsignedId({ blockId, slot, use, expiresAt }: BlockPlace): string {
  const [, type = '', digits = ''] = BLOCK_ID.exec(blockId) ?? [];
  return [leaseIdOf(type, digits), ...[slot, use, expiresAt].map((number) => number.toString(36))].join('-');
}

/** Where in which block a lease is; null for one that is of no block. Whether it is signed well is not asked here. */
export function placeOfLease(id: string): SignedPlace | null {
  const [, type = '', digits = '', slot, use = '', expiresAt = '', signature = ''] = LEASE_ID_PATTERN.exec(id) ?? [];
  if (slot === undefined) return null;
  const [slotNumber, useNumber, end] = [slot, use, expiresAt].map((text) => Number.parseInt(text, 36));
  return {
    blockId: blockIdOf(type, digits),
    slot: slotNumber!,
    use: useNumber!,
    expiresAt: end!,
    text: id.slice(0, -signature.length - 1),
    signature,
  };
}

/** The component type that an id names, a lease's or a block's; undefined when it is neither. Whether there is such a type is not asked. */
export const typeOfLease = (id: string): string | undefined => (LEASE_ID_PATTERN.exec(id) ?? BLOCK_ID.exec(id))?.[1];

export const isBlock = (id: string): boolean => BLOCK_ID.test(id);
