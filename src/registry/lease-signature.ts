/** Signatures of leases that only an isolate knows of: HMAC-SHA-256, the first half, in hex. */

const SIGNATURE_BYTES = 16;
const MAX_KEYS = 100;
const encoder = new TextEncoder();
/** Keys made from secrets, so that each is made once. */
const keys = new Map<string, Promise<CryptoKey>>();

export async function signLease(secret: string, text: string): Promise<string> {
  const mac = await crypto.subtle.sign('HMAC', await keyOf(secret), encoder.encode(text));
  return new Uint8Array(mac, 0, SIGNATURE_BYTES).toHex();
}

/** Compared in constant time. */
export async function isSigned(secret: string, text: string, signature: string): Promise<boolean> {
  const [expected, given] = [encoder.encode(await signLease(secret, text)), encoder.encode(signature)];
  return expected.length === given.length && crypto.subtle.timingSafeEqual(expected, given);
}

function keyOf(secret: string): Promise<CryptoKey> {
  const known = keys.get(secret);
  if (known) return known;
  if (keys.size >= MAX_KEYS) keys.clear();
  const made = crypto.subtle.importKey('raw', encoder.encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
  ]);
  keys.set(secret, made);
  return made;
}
