/**
 * How a key is written: `arb_<id>_<secret><checksum>`. The id is public and names the key in lists and in
 * the audit; the secret is 32 random bytes in hex; the checksum (CRC-32 of all before it, in hex) lets
 * secret scanners, and us, tell a key from noise without asking anybody.
 *
 * Pure: the random bytes come in.
 */
const KEY = /^arb_([0-9a-z]{12})_([0-9a-f]{64})([0-9a-f]{8})$/;
const ID_BYTES = 6;
const SECRET_BYTES = 32;
const ID_LENGTH = 2 * ID_BYTES;

/** Random bytes that a new id and a new secret take. */
export const KEY_ID_BYTES = ID_BYTES;
export const KEY_SECRET_BYTES = SECRET_BYTES;

/** An id for a key, of 12 hex digits. */
export const keyIdOf = (random: Uint8Array): string => hex(random.subarray(0, ID_BYTES));

/** The key with that id and secret. */
export function formatKey(id: string, secret: Uint8Array): string {
  if (id.length !== ID_LENGTH || secret.length !== SECRET_BYTES) throw new Error('not the parts of a key');
  const text = `arb_${id}_${hex(secret)}`;
  return text + checksumOf(text);
}

/** The id of something that is a key by its form and checksum; undefined for anything else. */
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
