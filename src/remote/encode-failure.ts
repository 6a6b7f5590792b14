import {
  AlreadyRegisteredError,
  asError,
  BehaviorNotRegisteredError,
  codeOf,
  GlobalNameTimeoutError,
  MailboxFullError,
  MessageRefusedError,
  messageOf,
  NoQuorumError,
  RemoteError,
  ServerNotRunningError,
  UnhandledMessageError,
} from '../errors.js';
import type { DownReason } from '../process/gen-server-types.js';

/** The longest error message that is sent, in characters. */
const MAX_MESSAGE = 2000;
/** The longest error name, error code or message type that is sent, in characters. */
const MAX_NAME = 200;

/** The fields of an error that are sent to another node. The stack never leaves its node. */
interface SentError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}

/** The failure of a call or other request, as it is sent. */
export type SentFailure =
  | ({ readonly kind: 'error' } & SentError)
  | { readonly kind: 'not_running'; readonly id: string; readonly name?: string; readonly handled?: true }
  | { readonly kind: 'mailbox_full'; readonly id: string; readonly name?: string; readonly limit: number }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'no_behavior'; readonly name: string }
  | { readonly kind: 'unhandled'; readonly id: string; readonly name?: string; readonly messageType: string }
  | { readonly kind: 'no_quorum'; readonly name: string; readonly seen: number; readonly limit: number }
  | { readonly kind: 'name_taken'; readonly name: string; readonly id: string; readonly nodeId?: string }
  | ({ readonly kind: 'name_timeout'; readonly globalName: string } & SentError &
      Pick<GlobalNameTimeoutError, 'timeoutMs' | 'nodeIds'>);

/** The exit reason of a process, as it is sent. */
export type SentReason = Exclude<DownReason, object> | { readonly error: SentError };

/** Converts an error that no handler threw. The classes below are kept; any other error becomes a RemoteError. */
export function encodeFailure(error: Error): SentFailure {
  if (error instanceof ServerNotRunningError) {
    const { processId: id, registeredName: name, mayHaveBeenHandled } = error;
    return {
      kind: 'not_running',
      id,
      ...(name !== undefined && { name }),
      ...(mayHaveBeenHandled && { handled: true as const }),
    };
  }
  if (error instanceof MailboxFullError) {
    const { processId: id, registeredName: name, limit } = error;
    return { kind: 'mailbox_full', id, ...(name !== undefined && { name }), limit };
  }
  if (error instanceof UnhandledMessageError) {
    const { processId: id, registeredName: name, messageType } = error;
    return { kind: 'unhandled', id, ...(name !== undefined && { name }), messageType: messageType.slice(0, MAX_NAME) };
  }
  if (error instanceof AlreadyRegisteredError) {
    const { registeredName: name, processId: id, nodeId } = error;
    return { kind: 'name_taken', name, id, ...(nodeId !== undefined && { nodeId }) };
  }
  if (error instanceof MessageRefusedError) return { kind: 'refused', reason: error.reason };
  if (error instanceof BehaviorNotRegisteredError) return { kind: 'no_behavior', name: error.behaviorName };
  if (error instanceof GlobalNameTimeoutError) {
    const { registeredName: globalName, timeoutMs, nodeIds } = error;
    return { kind: 'name_timeout', ...encodeError(error), globalName, timeoutMs, nodeIds };
  }
  if (error instanceof NoQuorumError) {
    const { registeredName: name, nodesSeen: seen, minNodes: limit } = error;
    return { kind: 'no_quorum', name, seen, limit };
  }
  return encodeHandlerFailure(error);
}

/**
 * Converts an error that a handler threw. The caller gets it as a RemoteError: a ServerNotRunningError that the handler
 * got from a call of its own would otherwise seem to be about the called process.
 */
export function encodeHandlerFailure(error: Error): SentFailure {
  return { kind: 'error', ...encodeError(error) };
}

/**
 * Creates the error of a call from a failure that another node sent. Never throws: a missing or invalid field is
 * replaced by an empty text or 0, and an unknown kind becomes a RemoteError.
 */
export function decodeFailure(sent: unknown, nodeId: string): Error {
  const { kind, id, name, limit, seen, handled, reason, nodeId: holderNode, messageType } = fieldsOf(sent);
  const { globalName, timeoutMs, nodeIds } = fieldsOf(sent);
  const registeredName = optionalText(name);
  switch (kind) {
    case 'not_running':
      return new ServerNotRunningError(text(id), { registeredName, mayHaveBeenHandled: handled === true });
    case 'mailbox_full':
      return new MailboxFullError(text(id), numberOf(limit), { registeredName });
    case 'refused':
      return new MessageRefusedError(nodeId, text(reason));
    case 'unhandled':
      return new UnhandledMessageError(text(id), 'call', text(messageType), { registeredName });
    case 'name_taken':
      // Without a node id, the owner of the name is a process of the answering node.
      return new AlreadyRegisteredError(text(name), text(id), { nodeId: optionalText(holderNode) ?? nodeId });
    case 'name_timeout':
      return new GlobalNameTimeoutError(text(globalName), numberOf(timeoutMs), texts(nodeIds));
    case 'no_quorum':
      return new NoQuorumError(text(name), numberOf(seen), numberOf(limit));
    case 'no_behavior':
      return new BehaviorNotRegisteredError(text(name), nodeId);
    default:
      return decodeError(sent, nodeId);
  }
}

/** Converts an exit reason for sending. */
export function encodeReason(reason: DownReason): SentReason {
  return typeof reason === 'string' ? reason : { error: encodeError(reason.error) };
}

const REASONS: readonly unknown[] = ['normal', 'shutdown', 'killed', 'noproc', 'noconnection'];

/** Creates the exit reason from data that another node sent. Never throws: invalid data becomes a RemoteError. */
export function decodeReason(sent: unknown, nodeId: string): DownReason {
  if (REASONS.includes(sent)) return sent as DownReason;
  return { error: decodeError(fieldsOf(sent)['error'], nodeId) };
}

function encodeError(thrown: Error): SentError {
  const code = codeOf(thrown);
  return {
    name: nameOf(thrown).slice(0, MAX_NAME),
    message: messageOf(thrown).slice(0, MAX_MESSAGE),
    ...(typeof code === 'string' && { code: code.slice(0, MAX_NAME) }),
  };
}

function nameOf(thrown: Error): string {
  try {
    return String(asError(thrown).name);
  } catch {
    return 'Error';
  }
}

function decodeError(sent: unknown, nodeId: string): RemoteError {
  const { name, message, code } = fieldsOf(sent);
  return new RemoteError(nodeId, text(message), optionalText(code), optionalText(name));
}

function fieldsOf(sent: unknown): Readonly<Record<string, unknown>> {
  return typeof sent === 'object' && sent !== null ? (sent as Readonly<Record<string, unknown>>) : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
