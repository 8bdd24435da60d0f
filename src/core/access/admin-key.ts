/** Strength of the admin key, which can do everything and never expires. */
const MIN_LENGTH = 32;
/** 32 random hexadecimal digits contain fewer than 8 different ones in one of a million cases. */
const MIN_DISTINCT = 8;
/** Parts of keys from examples, which everyone knows. */
const EXAMPLE = /change-?me|changeit|example|password|your-?(admin-?)?key|secret-?key|placeholder/i;

/** Why a key is too weak to be the admin key, as an instruction for the operator; null when it is strong enough. */
export function weaknessOfAdminKey(key: string): string | null {
  if (key.length < MIN_LENGTH) return `COORDINATOR_ADMIN_KEY is too short: at least ${MIN_LENGTH} characters`;
  if (EXAMPLE.test(key)) return 'COORDINATOR_ADMIN_KEY is from an example: create one with "openssl rand -hex 32"';
  if (new Set(key).size < MIN_DISTINCT)
    return 'COORDINATOR_ADMIN_KEY repeats few characters: create one with "openssl rand -hex 32"';
  return null;
}
