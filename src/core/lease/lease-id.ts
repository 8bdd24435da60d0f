/**
 * Formats of lease and block ids. A lease id names its component type, so completing a lease needs no directory. The
 * format is `l-task_router-` and 32 hex digits, the last 24 of them random and not guessable.
 *
 * Only its isolate knows a lease of a block. The id of a block lease therefore extends the digits of the block by slot,
 * use number, expiry (base 36) and a signature. A block id is `b-task_router-` and its digits.
 */
export const LEASE_ID_PATTERN =
  /^l-([a-z][a-z0-9_]{0,63})-([0-9a-f]{32})(?:-([0-9a-z]{1,3})-([0-9a-z]{1,10})-([0-9a-z]{1,9})-([0-9a-f]{32}))?$/;
const BLOCK_ID = /^b-([a-z][a-z0-9_]{0,63})-([0-9a-f]{32})$/;

const TICK_MS = 256;
const TIME_DIGITS = 8;

/**
 * Returns the digits of an id: its creation time in ticks of 256 ms, and 24 random hex digits (96 bits). Rows of leases
 * that start and end at about the same time thus share a few b-tree pages. The time wraps around every 34 years.
 */
export const idDigits = (now: number, random: string): string =>
  `${Math.floor(now / TICK_MS)
    .toString(16)
    .padStart(TIME_DIGITS, '0')
    .slice(-TIME_DIGITS)}${random}`;

/** `digits` come from `idDigits`. */
export const leaseIdOf = (type: string, digits: string): string => `l-${type}-${digits}`;
export const blockIdOf = (type: string, digits: string): string => `b-${type}-${digits}`;

/** A lease of a block, as its id describes it. */
export interface BlockLeaseRef {
  readonly blockId: string;
  readonly slot: number;
  /** Number of times that the slot was leased, this lease included. */
  readonly use: number;
  /** Expiry of the lease without renewals, epoch ms. */
  readonly expiresAt: number;
}

export interface SignedLeaseRef extends BlockLeaseRef {
  /** The signed text, and 32 hex digits of its signature. */
  readonly text: string;
  readonly signature: string;
}

/** Text of the id of a block lease, to be signed. The id is this text, a dash and the signature. */
export function unsignedId({ blockId, slot, use, expiresAt }: BlockLeaseRef): string {
  const [, type = '', digits = ''] = BLOCK_ID.exec(blockId) ?? [];
  return [leaseIdOf(type, digits), ...[slot, use, expiresAt].map((number) => number.toString(36))].join('-');
}

/** Parses the id of a block lease; null for any other id. Does not verify the signature. */
export function parseLeaseRef(id: string): SignedLeaseRef | null {
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

/**
 * The component type in the id of a lease or block; undefined for any other text. Does not check that the type exists.
 */
export const typeOfLease = (id: string): string | undefined => (LEASE_ID_PATTERN.exec(id) ?? BLOCK_ID.exec(id))?.[1];

export const isBlockId = (id: string): boolean => BLOCK_ID.test(id);
