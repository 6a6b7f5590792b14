import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { asError, InvalidClusterConfigError } from '../errors.js';
import type { Role } from './frames.js';
import type { TlsSettings } from './transport/transport.js';

/** The certificates of a side and those it trusts, as Node.js takes them. */
export function secretsOf({ cert, key, ca }: TlsSettings): SecureContextOptions {
  const trusted = ca === undefined ? [] : typeof ca === 'string' || ca instanceof Uint8Array ? [ca] : ca;
  return {
    ...(cert !== undefined && { cert: Buffer.from(cert) }),
    ...(key !== undefined && { key: Buffer.from(key) }),
    ...(trusted.length > 0 && { ca: trusted.map((pem) => Buffer.from(pem)) }),
  };
}

const TLS_FIELDS: { readonly [F in keyof Required<TlsSettings>]: (value: unknown) => boolean } = {
  cert: isPem,
  key: isPem,
  ca: (value) => isPem(value) || (Array.isArray(value) && value.length > 0 && value.every(isPem)),
  requestPeerCert: (value) => typeof value === 'boolean',
};

function isPem(value: unknown): boolean {
  return (typeof value === 'string' || value instanceof Uint8Array) && value.length > 0;
}

/**
 * An observer only dials, and may do without a certificate.
 *
 * @throws InvalidClusterConfigError naming the field
 */
export function readTls(value: unknown, role: Role): TlsSettings | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null) {
    throw new InvalidClusterConfigError('tls', 'must be an object with cert and key');
  }
  for (const [field, given] of Object.entries(value)) {
    if (!isTlsField(field)) {
      throw new InvalidClusterConfigError(
        `tls.${field}`,
        `is not a setting; there are ${Object.keys(TLS_FIELDS).join(', ')}`,
      );
    }
    if (given === undefined || TLS_FIELDS[field](given)) continue;
    throw new InvalidClusterConfigError(
      `tls.${field}`,
      field === 'requestPeerCert' ? 'must be true or false' : 'must be PEM',
    );
  }
  const tls: TlsSettings = value;
  if (role === 'member' && (tls.cert === undefined || tls.key === undefined)) {
    throw new InvalidClusterConfigError(
      'tls',
      'needs both cert and key: others dial this node, and it has to prove itself',
    );
  }
  if (tls.requestPeerCert === true && tls.ca === undefined) {
    throw new InvalidClusterConfigError(
      'tls.ca',
      'is missing: requestPeerCert accepts the certificates that it signed',
    );
  }
  checkSecrets(tls);
  return tls;
}

function isTlsField(field: string): field is keyof TlsSettings {
  return Object.hasOwn(TLS_FIELDS, field);
}

/** What they are made of is only seen when they are used. */
function checkSecrets(tls: TlsSettings): void {
  try {
    createSecureContext(secretsOf(tls));
  } catch (cause) {
    throw new InvalidClusterConfigError('tls', `cannot be used: ${asError(cause).message}`, { cause });
  }
}
