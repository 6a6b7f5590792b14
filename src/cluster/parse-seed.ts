import { isIP, isIPv6 } from 'node:net';
import { asError, InvalidArgumentError, InvalidNodeIdError } from '../errors.js';
import { canonicalHost, NodeId } from './node-id.js';

/** A place where nodes of the cluster may answer: a port of a host, at all addresses of the host. */
export interface Seed {
  /** Identifies the seed: its text in the form that the user chose, with the host in its canonical spelling. */
  readonly text: string;
  /** The name that the node must have. `undefined`: any node of the cluster may answer. */
  readonly name: string | undefined;
  /** A host name or an address. An IPv6 address has no brackets. */
  readonly host: string;
  readonly port: number;
  /** Whether the host is a name, which must be resolved. Otherwise, it is an address. */
  readonly isNamed: boolean;
}

/** Returns the current seeds, each as text in one of the forms that the option `seeds` takes. */
export type SeedSource = () => readonly string[] | Promise<readonly string[]>;

const FORMS = 'a seed is name@host:port, host:port or dns:name:port';
const DNS = /^dns:(.*:.*)$/s;
const ADDRESS = /^(.*):([1-9][0-9]{0,4})$/s;

/**
 * Parses `name@host:port`, `host:port` or `dns:name:port`.
 *
 * @throws InvalidNodeIdError for a text of another form
 */
export function parseSeed(text: string): Seed {
  if (typeof text === 'string' && text.includes('@')) {
    const id = NodeId.parse(text);
    const { name, host, port } = NodeId.parts(id);
    return { text: id, name, host, port, isNamed: isIP(host) === 0 };
  }
  const dns = DNS.exec(text);
  const [, written = '', port] = ADDRESS.exec(dns?.[1] ?? text) ?? [];
  if (isIPv6(written)) throw new InvalidNodeIdError(text, `write an IPv6 host in brackets: [${written}]`);
  const canonical = canonicalHost(written);
  if (canonical === undefined || port === undefined || Number(port) > 65_535) throw new InvalidNodeIdError(text, FORMS);
  const host = canonical.replace(/^\[|\]$/g, '');
  const isNamed = isIP(host) === 0;
  if (dns !== null && !isNamed)
    throw new InvalidNodeIdError(text, `dns: takes a host name, and ${host} is an address; write ${canonical}:${port}`);
  const prefix = dns === null ? '' : 'dns:';
  return { text: `${prefix}${canonical}:${port}`, name: undefined, host, port: Number(port), isNamed };
}

/**
 * Parses the texts that a {@link SeedSource} returned. Returns the seeds of all valid texts, and the error of the first
 * invalid text as `problem`.
 *
 * @throws InvalidArgumentError if `texts` is not an array
 */
export function parseSeeds(texts: unknown): { readonly seeds: readonly Seed[]; readonly problem: Error | undefined } {
  if (!Array.isArray(texts))
    throw new InvalidArgumentError('seeds', 'functions that return an array of strings', texts);
  const seeds: Seed[] = [];
  let problem: Error | undefined;
  for (const text of texts) {
    try {
      seeds.push(parseSeed(text));
    } catch (thrown) {
      problem ??= asError(thrown);
    }
  }
  return { seeds, problem };
}
