/**
 * Text format of keys: `arb_<id>_<secret><checksum>`. The id is public and identifies the key in lists and in the
 * audit. The secret is 32 random bytes in hex. The checksum is the CRC-32 of the preceding text, in hex. With it,
 * secret scanners and the coordinator recognise a key without a lookup.
 *
 * Pure: callers pass the random bytes.
 */
const KEY = /^arb_([0-9a-z]{12})_([0-9a-f]{64})([0-9a-f]{8})$/;
const ID_BYTES = 6;
const SECRET_BYTES = 32;
const ID_LENGTH = 2 * ID_BYTES;

/** Random bytes needed for a new id and a new secret. */
export const KEY_ID_BYTES = ID_BYTES;
export const KEY_SECRET_BYTES = SECRET_BYTES;

/** Returns a key id of 12 hex digits. */
export const keyIdOf = (random: Uint8Array): string => hex(random.subarray(0, ID_BYTES));

/** Formats the key with this id and secret. Throws if either has the wrong length. */
export function formatKey(id: string, secret: Uint8Array): string {
  if (id.length !== ID_LENGTH || secret.length !== SECRET_BYTES)
    throw new Error('a key needs an id of 12 characters and a secret of 32 bytes');
  const text = `arb_${id}_${hex(secret)}`;
  return text + checksumOf(text);
}

/** Returns the id of a text with the form and checksum of a key; undefined for any other text. */
export function idOfKey(text: string): string | undefined {
  const match = KEY.exec(text);
  return match && checksumOf(text.slice(0, -8)) === match[3] ? match[1] : undefined;
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

const checksumOf = (text: string): string => crc32(text).toString(16).padStart(8, '0');

/** CRC-32 as in IEEE 802.3 (reflected, polynomial 0xEDB88320), of ASCII text. */
function crc32(text: string): number {
  let crc = 0xffffffff;
  for (let at = 0; at < text.length; at++) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ text.charCodeAt(at)) & 0xff]!;
  return (crc ^ 0xffffffff) >>> 0;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});
