import { isIP, isIPv6 } from 'node:net';
import { asError, InvalidArgumentError, InvalidNodeIdError } from '../errors.js';
import { canonicalHost, NodeId } from './node-id.js';

/** Where to look for nodes of the cluster: at all addresses that the host has. */
export interface Seed {
  /** In its canonical spelling. */
  readonly text: string;
  /** What the node there has to be called; `undefined`: any node of the cluster will do. */
  readonly name: string | undefined;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** Whether the host is a name, which has to be resolved. */
  readonly isNamed: boolean;
}

/** Returns the seeds of the moment: texts as in `seeds` of the configuration. */
export type SeedSource = () => readonly string[] | Promise<readonly string[]>;

const FORMS = 'a seed is name@host:port, host:port or dns:name:port';
const DNS = /^dns:(.*:.*)$/s;
const ADDRESS = /^(.*):([1-9][0-9]{0,4})$/s;

/** @throws InvalidNodeIdError */
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
  if (dns !== null && !isNamed) throw new InvalidNodeIdError(text, `${host} is an address; write ${canonical}:${port}`);
  const prefix = dns === null ? '' : 'dns:';
  return { text: `${prefix}${canonical}:${port}`, name: undefined, host, port: Number(port), isNamed };
}

/**
 * The seeds that the texts of a source are, and what is wrong with the first text that is none.
 *
 * @throws InvalidArgumentError when that is no array
 */
export function parseSeeds(texts: unknown): { readonly seeds: readonly Seed[]; readonly problem: Error | undefined } {
  if (!Array.isArray(texts)) throw new InvalidArgumentError('seeds', 'functions that return an array of texts', texts);
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
