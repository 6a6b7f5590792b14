import { isForbidden, isText } from './frame-body.js';

/** The value of an entry of {@link NodeMetadata}. A number is finite, and a string has no control characters. */
export type MetadataValue = string | number | boolean;

/** The metadata of a node: names and values that the application chooses. */
export type NodeMetadata = Readonly<Record<string, MetadataValue>>;

/** What a node announces about its purpose. It does not change during an incarnation. */
export interface NodeDescription {
  /** The roles of the node, such as `worker`; empty if it announced none. */
  readonly roles: readonly string[];
  /** Further values that describe the node, such as its zone; empty if it announced none. */
  readonly metadata: NodeMetadata;
}

/** The most roles of a node. */
const MAX_ROLES = 32;

/** The longest role, in characters. */
const MAX_ROLE = 64;

/**
 * The most bytes of all roles together, as JSON in UTF-8. Roles and metadata of the maximum size leave 1 KiB of a
 * handshake frame for the other fields.
 */
const MAX_ROLES_BYTES = 3 * 1024;

/** The most bytes of the metadata, as JSON in UTF-8. */
const MAX_METADATA_BYTES = 4 * 1024;

const NO_ROLES: readonly string[] = Object.freeze([]);
const NO_METADATA: NodeMetadata = Object.freeze({});

/** The description of a node that announces nothing. */
export const emptyDescription: NodeDescription = Object.freeze({ roles: NO_ROLES, metadata: NO_METADATA });

/** Returns a frozen description. A part that is absent becomes empty. The parts must be valid. */
export function createDescription({ roles, metadata }: UndefinedAllowed<NodeDescription>): NodeDescription {
  return Object.freeze({
    roles: roles === undefined ? NO_ROLES : Object.freeze([...roles]),
    metadata: metadata === undefined ? NO_METADATA : Object.freeze({ ...metadata }),
  });
}

/** Returns the parts of a description that are not empty. Only these are fields of a hello or a challenge. */
export function nonEmptyParts({ roles, metadata }: NodeDescription): Partial<NodeDescription> {
  return { ...(roles.length > 0 && { roles }), ...(Object.keys(metadata).length > 0 && { metadata }) };
}

type UndefinedAllowed<T> = { readonly [Field in keyof T]?: T[Field] | undefined };

/** Returns what is wrong with roles, as text that completes "roles ..."; `undefined` if they are valid. */
export function rolesProblem(roles: unknown): string | undefined {
  if (!Array.isArray(roles)) return 'must be an array of strings';
  if (roles.length > MAX_ROLES) return `must have at most ${MAX_ROLES} entries, not ${roles.length}`;
  // A loop over the index: `every` skips the holes of an array.
  for (let at = 0; at < roles.length; at += 1) {
    if (!isRole(roles[at])) return `must have entries of 1 to ${MAX_ROLE} characters without control characters`;
  }
  if (new Set(roles).size < roles.length) return 'must not have an entry twice';
  if (bytesOf(roles) > MAX_ROLES_BYTES) return `must have at most ${MAX_ROLES_BYTES} bytes as JSON in UTF-8`;
  return undefined;
}

/** Returns what is wrong with metadata, as text that completes "metadata ..."; `undefined` if it is valid. */
export function metadataProblem(metadata: unknown): string | undefined {
  if (!isPlainObject(metadata)) return "must be a plain object such as { zone: 'a' }";
  for (const [name, value] of Object.entries(metadata)) {
    if (!isText(name) || name === '') return 'must have names of at least one character, without control characters';
    if (isForbidden(name)) return `must not have an entry called ${name}`;
    if (!isMetadataValue(value))
      return 'must have strings without control characters, finite numbers, true or false as values';
  }
  if (bytesOf(metadata) > MAX_METADATA_BYTES) return `must have at most ${MAX_METADATA_BYTES} bytes as JSON in UTF-8`;
  return undefined;
}

function isRole(value: unknown): boolean {
  return isText(value) && value !== '' && value.length <= MAX_ROLE;
}

function isMetadataValue(value: unknown): boolean {
  return typeof value === 'boolean' || Number.isFinite(value) || isText(value);
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function bytesOf(json: unknown): number {
  return Buffer.byteLength(JSON.stringify(json));
}
