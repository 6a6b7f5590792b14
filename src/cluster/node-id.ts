import { isIPv4, isIPv6 } from 'node:net';
import { InvalidNodeIdError } from '../errors.js';
import { isIdnLabel } from './idn-label.js';

declare const brand: unique symbol;

/**
 * The identity of a node. In a mesh it is its address, too: `name@host:port`. On a broker it is `name@cluster`. Always in
 * canonical form, so `===` compares nodes.
 */
export type NodeId = string & { readonly [brand]: 'NodeId' };

/**
 * The parts of a node id. `host` is without brackets, ready for a socket. On a broker, `host` is the name of the cluster,
 * and `port` is 0.
 */
export interface NodeIdParts {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;
/**
 * A decimal or hexadecimal number. If the last label of a host is a number, URL parsers read the host as an IPv4
 * address.
 */
const NUMBER = /^([0-9]+|0x[0-9a-f]*)$/;
const PORT = /^[1-9][0-9]{0,4}$/;

/**
 * Converts `name@host:port` to a node id in canonical form.
 *
 * @throws InvalidNodeIdError that says which part is wrong, and why
 */
function parse(text: string): NodeId {
  const at = typeof text === 'string' ? text.indexOf('@') : -1;
  const colon = typeof text === 'string' ? text.lastIndexOf(':') : -1;
  if (at < 0 || colon < at) throw new InvalidNodeIdError(text, 'it needs a name, an @, a host, a colon and a port');
  const host = text.slice(at + 1, colon);
  if (isIPv6(host)) throw new InvalidNodeIdError(text, `write an IPv6 host in brackets: [${host}]`);
  const port = text.slice(colon + 1);
  if (!PORT.test(port)) throw new InvalidNodeIdError(text, 'the port must be a whole number from 1 to 65535');
  return compose(text, text.slice(0, at), host, Number(port));
}

/**
 * Composes a node id in canonical form.
 *
 * @param host IPv4, a host name, or IPv6 with or without brackets
 * @throws InvalidNodeIdError that says which part is wrong, and why
 */
function create(name: string, host: string, port: number): NodeId {
  return compose(`${name}@${host}:${port}`, name, host, port);
}

/** Composes the id of a node that is connected with a broker. Both names must be valid, see {@link isNodeName}. */
function inCluster(name: string, cluster: string): NodeId {
  return `${name}@${cluster}` as NodeId;
}

/** Whether the text is the canonical form of a node id in a mesh. */
function isValid(text: unknown): text is NodeId {
  if (typeof text !== 'string') return false;
  try {
    return parse(text) === text;
  } catch {
    return false;
  }
}

/** Splits a node id. */
function parts(id: NodeId): NodeIdParts {
  const at = id.indexOf('@');
  const colon = id.lastIndexOf(':');
  if (colon < 0) return { name: id.slice(0, at), host: id.slice(at + 1), port: 0 };
  return {
    name: id.slice(0, at),
    host: id.slice(at + 1, colon).replace(/^\[|\]$/g, ''),
    port: Number(id.slice(colon + 1)),
  };
}

/** Functions for node ids. All but `inCluster` and `parts` are for ids of nodes in a mesh. */
export const NodeId = { parse, create, inCluster, isValid, parts };

/** Whether the text is valid as the part of a node id before the `@`. */
export function isNodeName(text: string): boolean {
  return NAME.test(text);
}

/**
 * Returns the canonical spelling of a host, in which hosts can be compared: lower case, without a final dot, IPv6 in
 * brackets. Returns `undefined` if the text is not a valid host.
 */
export function canonicalHost(host: string): string | undefined {
  const text = host.toLowerCase();
  const address = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (isIPv6(address)) return address.includes('%') ? undefined : new URL(`http://[${address}]`).hostname;
  // A final dot says that the name is fully qualified. The name without the dot names the same host.
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  if (isIPv4(name)) return name;
  const labels = name.split('.');
  if (name.length > 253 || !labels.every(isLabel)) return undefined;
  // A name with a numeric last label is an IPv4 address in another notation (`0x7f.1`), or a mistake.
  return NUMBER.test(labels.at(-1) ?? '') ? undefined : name;
}

function isLabel(label: string): boolean {
  return LABEL.test(label) && (!label.startsWith('xn--') || isIdnLabel(label));
}

function compose(text: string, name: string, host: string, port: number): NodeId {
  if (!isNodeName(name)) {
    throw new InvalidNodeIdError(text, 'the name must be a letter, then letters, digits, _ or -, at most 64 in all');
  }
  const canonical = canonicalHost(host);
  if (canonical === undefined) {
    throw new InvalidNodeIdError(text, 'the host must be an IPv4 address, a host name, or an IPv6 address in brackets');
  }
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new InvalidNodeIdError(text, 'the port must be a whole number from 1 to 65535');
  }
  return `${name}@${canonical}:${port}` as NodeId;
}
