/** Signatures of leases that an isolate grants out of a block: the first half of HMAC-SHA-256, in hex. */

const SIGNATURE_BYTES = 16;
const MAX_KEYS = 100;
const encoder = new TextEncoder();
/**
 * Imported keys by secret. Promises are not cached: the request that creates one may end before it settles.
 */
const keys = new Map<string, CryptoKey>();

export async function signLease(secret: string, text: string): Promise<string> {
  const mac = await crypto.subtle.sign('HMAC', await keyOf(secret), encoder.encode(text));
  return new Uint8Array(mac, 0, SIGNATURE_BYTES).toHex();
}

/** Compared in constant time. */
export async function isSigned(secret: string, text: string, signature: string): Promise<boolean> {
  const [expected, actual] = [encoder.encode(await signLease(secret, text)), encoder.encode(signature)];
  return expected.length === actual.length && crypto.subtle.timingSafeEqual(expected, actual);
}

async function keyOf(secret: string): Promise<CryptoKey> {
  const known = keys.get(secret);
  if (known) return known;
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', encoder.encode(secret), algorithm, false, ['sign']);
  if (keys.size >= MAX_KEYS) keys.clear();
  keys.set(secret, key);
  return key;
}
