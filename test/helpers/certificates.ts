import { generate } from 'selfsigned';

/** In PEM. */
export interface Keys {
  readonly cert: string;
  readonly key: string;
}

/** A certificate for 127.0.0.1, signed by `ca`; without one, that of an authority. */
export async function issue(name: string, ca?: Keys): Promise<Keys> {
  const extensions =
    ca === undefined
      ? [{ name: 'basicConstraints' as const, cA: true, critical: true }]
      : [{ name: 'subjectAltName' as const, altNames: [{ type: 7 as const, ip: '127.0.0.1' }] }];
  const options = { keyType: 'ec' as const, algorithm: 'sha256', extensions, ...(ca && { ca }) };
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], options);
  return { cert, key };
}
