/**
 * Self-signed certificate, created at each start so that the project contains no key. The minimum of X.509 (RFC 5280),
 * written in DER.
 */
import { createSign, generateKeyPairSync } from 'node:crypto';

const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, Math.floor(length / 256), length % 256];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};

const hex = (digits: string): Buffer => Buffer.from(digits, 'hex');
const SEQUENCE = 0x30;
const SHA256_WITH_RSA = der(SEQUENCE, hex('06092a864886f70d01010b'), hex('0500'));
const NAME = der(SEQUENCE, der(0x31, der(SEQUENCE, hex('0603550403'), der(0x0c, Buffer.from('127.0.0.1')))));
const VALIDITY = der(SEQUENCE, der(0x18, Buffer.from('20200101000000Z')), der(0x18, Buffer.from('21200101000000Z')));

/** Key and certificate in PEM. */
export function selfSigned(): { key: string; cert: string } {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const body = der(
    SEQUENCE,
    // Version 3, number 1.
    hex('a003020102'),
    hex('020101'),
    SHA256_WITH_RSA,
    NAME,
    VALIDITY,
    NAME,
    pair.publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = createSign('sha256').update(body).sign(pair.privateKey);
  const cert = der(SEQUENCE, body, SHA256_WITH_RSA, der(0x03, hex('00'), signature));
  const lines = cert.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
  };
}
