import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { sign } from '../../../src/outbound/sign.ts';

const secretOf = (text: string): string => `whsec_${Buffer.from(text).toString('base64')}`;
const NEW = secretOf('the newer of the two secrets');
const OLD = secretOf('the older of the two secrets');
const message = { id: 'r-1-0', payload: '{"action":"restart"}', secrets: [NEW, OLD] };

describe('sign', () => {
  it('makes one signature per secret, newest first, that the library verifies', () => {
    const signed = sign(message, Date.now());
    if (!signed.ok) throw new Error(signed.message);
    expect(Object.keys(signed.value)).toEqual(['webhook-id', 'webhook-timestamp', 'webhook-signature']);
    const signatures = signed.value['webhook-signature']!.split(' ');
    expect(signatures).toHaveLength(2);
    for (const secret of message.secrets) {
      expect(new Webhook(secret).verify(message.payload, signed.value)).toEqual({ action: 'restart' });
    }
    const first = { ...signed.value, 'webhook-signature': signatures[0]! };
    expect(new Webhook(NEW).verify(message.payload, first)).toEqual({ action: 'restart' });
    expect(() => new Webhook(OLD).verify(message.payload, first)).toThrow(/No matching signature/);
    expect(() => new Webhook(NEW).verify(`${message.payload} `, signed.value)).toThrow(/No matching signature/);
    expect(() => new Webhook(NEW).verify(message.payload, { ...signed.value, 'webhook-id': 'r-1-1' })).toThrow();
  });

  it('sends the time in seconds', () => {
    expect(sign(message, 1_700_000_000_999)).toMatchObject({ value: { 'webhook-timestamp': '1700000000' } });
  });

  it.each([[[]], [['']], [['whsec_']], [['whsec_not base64!']], [[NEW, 'whsec_$$$']]])(
    'throws for %j without naming a secret',
    (secrets) => {
      const signed = sign({ ...message, secrets }, Date.now());
      expect(signed).toMatchObject({ ok: false, reason: 'no-usable-secret' });
      expect(JSON.stringify(signed)).not.toMatch(/\$\$\$|not base64!|whsec_[^ ]/);
    },
  );
});
