import { ProtocolError } from '../errors.js';
import { decodeFailure, decodeReason, encodeFailure, encodeReason } from '../remote/failures.js';
import type { RestartType } from '../supervisor/strategy.js';
import { MAX_SENT_NAME } from '../validate.js';
import type { FailureCause, SupervisionMessage } from './supervision-protocol.js';

type Fields = Readonly<Record<string, unknown>>;
type Guard = (value: unknown) => boolean;

const isText: Guard = (value) => typeof value === 'string' && value !== '' && value.length <= MAX_SENT_NAME;
const isTextOrNull: Guard = (value) => value === null || value === '' || isText(value);
const isFlag: Guard = (value) => typeof value === 'boolean';
const isCount: Guard = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const isCountOrNull: Guard = (value) => value === null || isCount(value);
const isMs: Guard = (value) => value === null || (typeof value === 'number' && value >= 0);
const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const isLocation: Guard = (value) =>
  value === null || (isObject(value) && ['node', 'life', 'processId'].every((field) => isText(value[field])));
const RESTARTS: readonly unknown[] = ['permanent', 'transient', 'temporary'] satisfies RestartType[];
const CAUSES: readonly unknown[] = ['no_behavior', 'name_taken', 'other'] satisfies FailureCause[];
const REASONS: readonly unknown[] = ['normal', 'shutdown', 'killed', 'noproc', 'noconnection'];
const isReason: Guard = (value) => REASONS.includes(value) || (isObject(value) && 'error' in value);

const isSpec: Guard = (value) =>
  isObject(value) &&
  isText(value['behavior']) &&
  (value['name'] === undefined || isText(value['name'])) &&
  RESTARTS.includes(value['restart']) &&
  isFlag(value['significant']) &&
  isMs(value['shutdownTimeout']) &&
  isMs(value['initTimeout']);
const isChild: Guard = (value) =>
  value === null ||
  (isObject(value) &&
    isSpec(value['spec']) &&
    isLocation(value['location']) &&
    isTextOrNull(value['lastNode']) &&
    isFlag(value['isWanted']) &&
    isCount(value['restarts']));
const isAges: Guard = (value) => Array.isArray(value) && value.every((age) => typeof age === 'number' && age >= 0);

const GUARDS: { readonly [Type in SupervisionMessage['type']]: Readonly<Record<string, Guard>> } = {
  place: {
    placement: isCount,
    childId: isText,
    spec: isSpec,
    restarts: isCount,
    lastNode: isTextOrNull,
    orphanTimeout: isMs,
  },
  abort: { placement: isCount },
  stop: { processId: isText, isDuplicate: isFlag },
  hosted: { childId: isText, processId: isText, spec: isSpec },
  obeying: {},
  refused: { placement: isCountOrNull },
  placed: { placement: isCount, processId: isText },
  failed: { placement: isCount, error: isObject, cause: (value) => CAUSES.includes(value) },
  exited: { processId: isText, reason: isReason, isHandedOver: isFlag },
  standby: { token: isText },
  standby_ended: {},
  copy: { token: isText },
  child: { childId: isText, child: isChild },
  restarts: { ages: isAges },
  ended: {},
};

/** Converts a message to data that can be sent. */
export function toWire(message: SupervisionMessage): unknown {
  if (message.type === 'failed') return { ...message, error: encodeFailure(message.error) };
  if (message.type === 'exited') return { ...message, reason: encodeReason(message.reason) };
  return message;
}

/**
 * Validates and converts a message that the node `nodeId` sent. `undefined`: a message that only later versions have.
 *
 * @throws ProtocolError for a message that no version sends
 */
export function fromWire(sent: unknown, nodeId: string): SupervisionMessage | undefined {
  if (!isObject(sent) || typeof sent['type'] !== 'string') throw malformed();
  if (!Object.hasOwn(GUARDS, sent['type'])) return undefined;
  const guards = GUARDS[sent['type'] as SupervisionMessage['type']];
  for (const [field, guard] of Object.entries(guards)) if (!guard(sent[field])) throw malformed();
  const message = sent as unknown as SupervisionMessage;
  if (message.type === 'failed') return { ...message, error: decodeFailure(message.error, nodeId) };
  if (message.type === 'exited') return { ...message, reason: decodeReason(message.reason, nodeId) };
  return message;
}

function malformed(): ProtocolError {
  return new ProtocolError('malformed', 'an invalid message of a distributed supervisor');
}
