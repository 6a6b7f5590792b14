import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { asError, InvalidClusterConfigError } from '../errors.js';
import type { Role } from './frames.js';
import type { TlsSettings } from './transport/transport.js';

/** Converts the certificate, the key and the trusted authorities to the options of `node:tls`. */
export function secureContextOptions({ cert, key, ca }: TlsSettings): SecureContextOptions {
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

const PEM = 'must be the content of a PEM file, as text or bytes';

/** What the error message says about each field with an invalid value. */
const EXPECTED: { readonly [F in keyof typeof TLS_FIELDS]: string } = {
  cert: PEM,
  key: PEM,
  ca: `${PEM}, or an array of these`,
  requestPeerCert: 'must be true or false',
};

function isPem(value: unknown): boolean {
  return (typeof value === 'string' || value instanceof Uint8Array) && value.length > 0;
}

/**
 * Validates the TLS settings; returns `undefined` for `undefined`. A member must have a certificate and its key. For an
 * observer, which only dials, they are optional. It needs them if the members have set `requestPeerCert`.
 *
 * @throws InvalidClusterConfigError with the name of the field
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
        `is not an option; expected one of ${Object.keys(TLS_FIELDS).join(', ')}`,
      );
    }
    if (given === undefined || TLS_FIELDS[field](given)) continue;
    throw new InvalidClusterConfigError(`tls.${field}`, EXPECTED[field]);
  }
  const tls: TlsSettings = value;
  if (role === 'member' && (tls.cert === undefined || tls.key === undefined)) {
    throw new InvalidClusterConfigError(
      'tls',
      'needs both cert and key: this node proves its identity with them to the nodes that dial it',
    );
  }
  if (tls.requestPeerCert === true && tls.ca === undefined) {
    throw new InvalidClusterConfigError(
      'tls.ca',
      'is missing: requestPeerCert accepts only certificates that an authority in ca has signed',
    );
  }
  checkUsable(tls);
  return tls;
}

function isTlsField(field: string): field is keyof TlsSettings {
  return Object.hasOwn(TLS_FIELDS, field);
}

/** Checks that `node:tls` accepts the certificate, the key and the authorities, so that errors appear at the start. */
function checkUsable(tls: TlsSettings): void {
  try {
    createSecureContext(secureContextOptions(tls));
  } catch (cause) {
    throw new InvalidClusterConfigError('tls', `cannot be used: ${asError(cause).message}`, { cause });
  }
}
