import {
  type Check,
  count,
  isIn,
  list,
  nonNegative,
  object,
  optional,
  orNull,
  predicate,
} from '../../streams/validators.js';
import { ProtocolError } from '../errors.js';
import type { ProcessRef } from '../process/process-refs.js';
import { decodeFailure, decodeReason, encodeFailure, encodeReason } from '../remote/encode-failure.js';
import { MAX_SENT_NAME } from '../validate.js';
import type { ChildRequestBody } from './child-requests.js';
import { selectorProblem } from './node-selection.js';
import type { SupervisionMessage } from './supervision-protocol.js';

const text = predicate(
  (value) => typeof value === 'string' && value !== '' && value.length <= MAX_SENT_NAME,
  `text of 1 to ${MAX_SENT_NAME} characters`,
);
const flag = isIn([true, false]);
const ms = orNull(nonNegative);
/** The id of a node; empty for a node in no cluster. */
const node = predicate((value) => typeof value === 'string' && value.length <= MAX_SENT_NAME, 'the id of a node');
const isSelector = (value: unknown): boolean => typeof value !== 'function' && selectorProblem(value) === undefined;

const SPEC = object({
  behavior: text,
  name: optional(text),
  restart: isIn(['permanent', 'transient', 'temporary']),
  significant: flag,
  shutdownTimeout: ms,
  initTimeout: ms,
  nodeSelector: optional(predicate(isSelector, 'a node selector')),
});
const CHILD = object({
  spec: SPEC,
  location: orNull(object({ node: text, life: text, processId: text })),
  lastNode: orNull(node),
  isWanted: flag,
  restarts: count,
});

const REASON_WORD = isIn(['normal', 'shutdown', 'killed', 'noproc', 'noconnection']);
const REASON_ERROR = object({ error: object({}) });
const reason: Check = (value) => (typeof value === 'string' ? REASON_WORD(value) : REASON_ERROR(value));

const MESSAGES: { readonly [Type in SupervisionMessage['type']]: Check } = {
  place: object({
    placement: count,
    childId: text,
    spec: SPEC,
    restarts: count,
    lastNode: orNull(node),
    orphanTimeout: ms,
  }),
  abort: object({ placement: count }),
  stop: object({ processId: text, isDuplicate: flag }),
  hosted: object({ childId: text, processId: text, spec: SPEC }),
  obeying: object({}),
  refused: object({ placement: orNull(count) }),
  placed: object({ placement: count, processId: text }),
  failed: object({ placement: count, error: object({}), cause: isIn(['unusable', 'name_taken', 'other']) }),
  exited: object({ processId: text, reason, isHandedOver: flag }),
  standby: object({ token: text }),
  standby_ended: object({}),
  copy: object({ token: text }),
  child: object({ childId: text, child: orNull(CHILD) }),
  restarts: object({ ages: list(nonNegative) }),
  ended: object({}),
};

const REQUESTS: { readonly [Type in ChildRequestBody['type']]: Check } = {
  start_child: object({ childId: text, spec: SPEC }),
  terminate_child: object({ childId: text }),
  restart_child: object({ childId: text }),
};

const REF = object({ id: text, life: text });

/** Converts a message to data that can be sent. */
export function toWire(message: SupervisionMessage): unknown {
  if (message.type === 'failed') return { ...message, error: encodeFailure(message.error) };
  if (message.type === 'exited') return { ...message, reason: encodeReason(message.reason) };
  return message;
}

/**
 * Validates and converts a message that the node `nodeId` sent. Returns `undefined` for a type of message that this
 * version does not have, because a later version may send it.
 *
 * @throws ProtocolError for a message without a type, or with an invalid field
 */
export function fromWire(sent: unknown, nodeId: string): SupervisionMessage | undefined {
  const message = checked<SupervisionMessage>(sent, MESSAGES, 'message');
  if (message?.type === 'failed') return { ...message, error: decodeFailure(message.error, nodeId) };
  if (message?.type === 'exited') return { ...message, reason: decodeReason(message.reason, nodeId) };
  return message;
}

/**
 * Validates a request about a child that another node sent. Returns `undefined` for a type of request that this version
 * does not have, because a later version may send it.
 *
 * @throws ProtocolError for a request without a type, or with an invalid field
 */
export function requestFromWire(sent: unknown): ChildRequestBody | undefined {
  return checked<ChildRequestBody>(sent, REQUESTS, 'request');
}

/**
 * Validates the answer to a request: the ref of the started child, or `null`. Returns `undefined` for `null`.
 *
 * @throws ProtocolError
 */
export function refFromWire(sent: unknown): ProcessRef | undefined {
  if (sent === null) return undefined;
  const problem = REF(sent);
  if (problem !== undefined) throw malformed(`answer${problem}`);
  return Object.freeze(sent as ProcessRef);
}

function checked<Message extends { readonly type: string }>(
  sent: unknown,
  checks: Readonly<Record<Message['type'], Check>>,
  what: string,
): Message | undefined {
  const { type } = (typeof sent === 'object' && sent !== null ? sent : {}) as { readonly type?: unknown };
  if (typeof type !== 'string') throw malformed(`${what}.type must be text`);
  if (!Object.hasOwn(checks, type)) return undefined;
  const problem = checks[type as Message['type']](sent);
  if (problem !== undefined) throw malformed(`${what}${problem}`);
  // The check of this type has accepted all fields.
  return sent as Message;
}

function malformed(problem: string): ProtocolError {
  return new ProtocolError('malformed', `for a distributed supervisor: ${problem}`);
}
