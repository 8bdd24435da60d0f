/** Signatures of leases that only an isolate knows of: HMAC-SHA-256, the first half, in hex. */

const SIGNATURE_BYTES = 16;
const MAX_KEYS = 100;
const encoder = new TextEncoder();
/** Keys made from secrets. Not the promises of them: whoever's call made one may end before it is kept. */
const keys = new Map<string, CryptoKey>();

export async function signLease(secret: string, text: string): Promise<string> {
  const mac = await crypto.subtle.sign('HMAC', await keyOf(secret), encoder.encode(text));
  return new Uint8Array(mac, 0, SIGNATURE_BYTES).toHex();
}

/** Compared in constant time. */
export async function isSigned(secret: string, text: string, signature: string): Promise<boolean> {
  const [expected, given] = [encoder.encode(await signLease(secret, text)), encoder.encode(signature)];
  return expected.length === given.length && crypto.subtle.timingSafeEqual(expected, given);
}

async function keyOf(secret: string): Promise<CryptoKey> {
  const known = keys.get(secret);
  if (known) return known;
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const made = await crypto.subtle.importKey('raw', encoder.encode(secret), algorithm, false, ['sign']);
  if (keys.size >= MAX_KEYS) keys.clear();
  keys.set(secret, made);
  return made;
}
