import { inspect, types } from 'node:util';

/** The most names that the message of an error shows. */
const MAX_SHOWN_NAMES = 5;

/**
 * The base class of all errors of noex. Programs should compare `code`, which is stable across releases. `message` is
 * for people, and says what to do. `cause`, if present, is the underlying error.
 */
export abstract class NoexError extends Error {
  abstract readonly code: string;
  /**
   * For an error that rejects a call. `true`: the process may have handled the message, or may still handle it.
   * `false`: the process has not handled the message and never will, so it is safe to call again. `undefined`: the
   * error is not about a call.
   */
  declare readonly mayHaveBeenHandled?: boolean;
}

/** Options of errors that are about a process. */
export interface ProcessErrorOptions extends ErrorOptions {
  /** The registered name of the process. The message of the error shows this name beside the id. */
  readonly registeredName?: string | undefined;
  /** See {@link NoexError.mayHaveBeenHandled}. */
  readonly mayHaveBeenHandled?: boolean | undefined;
}

/** Names a process in a text: `process p6`, or `process p6 ('billing')` if its registered name is known. */
export function processLabel(id: string, registeredName: string | undefined, kind = 'process'): string {
  return registeredName === undefined ? `${kind} ${id}` : `${kind} ${id} ('${registeredName}')`;
}

/** An argument or option has an invalid value. `field` names the argument or option. */
export class InvalidArgumentError extends NoexError {
  override readonly name = 'InvalidArgumentError';
  readonly code = 'NOEX_INVALID_ARGUMENT';
  readonly field: string;

  constructor(field: string, expected: string, got: unknown) {
    super(`${field} must be ${expected}; got ${describe(got)}`);
    this.field = field;
  }
}

/**
 * The process is not running: it has ended, is stopping, or never existed. `cause`, if present, is the error with which
 * it ended: that of a crash, or the MaxRestartsExceededError of a supervisor.
 */
export class ServerNotRunningError extends NoexError {
  override readonly name = 'ServerNotRunningError';
  readonly code = 'NOEX_SERVER_NOT_RUNNING';
  readonly processId: string;

  readonly registeredName: string | undefined;
  override readonly mayHaveBeenHandled: boolean;

  constructor(processId: string, options?: ProcessErrorOptions) {
    const label = processLabel(processId, options?.registeredName);
    super(`${label} is not running; start it again, or look it up by name`, causeOf(options));
    this.processId = processId;
    this.registeredName = options?.registeredName;
    this.mayHaveBeenHandled = options?.mayHaveBeenHandled ?? false;
  }
}

/**
 * The ref belongs to a life that this runtime does not know, or the called function takes only refs of this runtime. An
 * unknown life may be that of another `createRuntime()`, of a node that this node has never been linked with, or of
 * this program before a restart. `processId` and `life` are those of the ref.
 */
export class ForeignRefError extends NoexError {
  override readonly name = 'ForeignRefError';
  readonly code = 'NOEX_FOREIGN_REF';
  readonly processId: string;
  readonly life: string;
  override readonly mayHaveBeenHandled = false;

  /** @param taken `local`: the called function takes only refs of this runtime */
  constructor(processId: string, life: string, taken: 'local' | 'any' = 'any') {
    const problem = `process ${processId} of life '${life}' does not belong to this runtime`;
    super(
      taken === 'local'
        ? `${problem}; call this function on the node of the process`
        : `${problem}, nor to a node that this one has been linked with; look the process up by name, or join the cluster of its node`,
    );
    this.processId = processId;
    this.life = life;
  }
}

/**
 * The process did not start: `init` threw, took longer than `initTimeout`, or was interrupted because the process was
 * killed or stopped. `cause` is the error of `init` or of the time-out. It is absent after an interruption.
 */
export class InitializationError extends NoexError {
  override readonly name = 'InitializationError';
  readonly code = 'NOEX_INITIALIZATION';
  readonly processId: string;

  readonly registeredName: string | undefined;

  constructor(processId: string, problem: string, options?: ProcessErrorOptions) {
    super(`${processLabel(processId, options?.registeredName)} did not start: ${problem}`, causeOf(options));
    this.processId = processId;
    this.registeredName = options?.registeredName;
  }
}

/** A call got no reply within its timeout. The process may still handle the message. */
export class CallTimeoutError extends NoexError {
  override readonly name = 'CallTimeoutError';
  readonly code = 'NOEX_CALL_TIMEOUT';
  readonly processId: string;
  readonly timeoutMs: number;

  readonly registeredName: string | undefined;
  override readonly mayHaveBeenHandled = true;

  constructor(processId: string, timeoutMs: number, options?: ProcessErrorOptions) {
    const label = processLabel(processId, options?.registeredName);
    super(`${label} did not reply within ${timeoutMs} ms; it may still handle the message`, causeOf(options));
    this.processId = processId;
    this.timeoutMs = timeoutMs;
    this.registeredName = options?.registeredName;
  }
}

/** The `signal` of a call was aborted before the reply arrived. `cause` is the reason of the signal. */
export class CallAbortedError extends NoexError {
  override readonly name = 'CallAbortedError';
  readonly code = 'NOEX_CALL_ABORTED';
  readonly processId: string;

  readonly registeredName: string | undefined;
  override readonly mayHaveBeenHandled: boolean;

  constructor(processId: string, options?: ProcessErrorOptions) {
    const label = processLabel(processId, options?.registeredName);
    const rest = options?.mayHaveBeenHandled === true ? '; it may still handle the message' : ' before it was sent';
    super(`the call of ${label} was aborted${rest}`, causeOf(options));
    this.processId = processId;
    this.registeredName = options?.registeredName;
    this.mayHaveBeenHandled = options?.mayHaveBeenHandled ?? false;
  }
}

/** What to do instead of each operation, for the message of {@link CallingSelfError}. */
const INSTEAD_OF_SELF = {
  call: 'cast to it from its handlers',
  stop: 'return stop(reason, state) from its handler',
  ask: 'ask it after the start of its child has returned',
};

/**
 * A process called or stopped itself from one of its own handlers. The process would have waited for itself for ever.
 */
export class CallingSelfError extends NoexError {
  override readonly name = 'CallingSelfError';
  readonly code = 'NOEX_CALLING_SELF';
  readonly processId: string;
  override readonly mayHaveBeenHandled = false;

  /**
   * @param operation `ask`: a supervisor was asked for something from the `start` function of one of its own children
   */
  constructor(processId: string, operation: 'call' | 'stop' | 'ask', options?: ProcessErrorOptions) {
    const label = processLabel(processId, options?.registeredName);
    super(`${label} cannot ${operation} itself; ${INSTEAD_OF_SELF[operation]}`);
    this.processId = processId;
  }
}

/** A handler returned a value that is not a valid result. The process crashed with this error. */
export class InvalidHandlerResultError extends NoexError {
  override readonly name = 'InvalidHandlerResultError';
  readonly code = 'NOEX_INVALID_HANDLER_RESULT';
  readonly processId: string;
  /** The name of the handler, such as `handleCall`. */
  readonly handler: string;

  /** @param problem what the handler returned and what it should return, without content of messages or states */
  constructor(processId: string, handler: string, problem: string, options?: ProcessErrorOptions) {
    super(`${handler} of ${processLabel(processId, options?.registeredName)} returned ${problem}`);
    this.processId = processId;
    this.handler = handler;
  }
}

/** The process has no handler for the type of this message. The process keeps running with its state unchanged. */
export class UnhandledMessageError extends NoexError {
  override readonly name = 'UnhandledMessageError';
  readonly code = 'NOEX_UNHANDLED_MESSAGE';
  readonly processId: string;
  readonly registeredName?: string | undefined;
  readonly kind: 'call' | 'cast';
  /** The field `type` of the message, or the message itself if it is a string. */
  readonly messageType: string;
  override readonly mayHaveBeenHandled = false;

  constructor(processId: string, kind: 'call' | 'cast', messageType: string, options?: ProcessErrorOptions) {
    const label = processLabel(processId, options?.registeredName);
    const handler = kind === 'call' ? 'handleCall' : 'handleCast';
    super(`${label} has no handler for a ${kind} of type '${messageType}'; add it to ${handler} of its behavior`);
    this.processId = processId;
    this.registeredName = options?.registeredName;
    this.kind = kind;
    this.messageType = messageType;
  }
}

/**
 * Code of a process threw when no caller could receive the error: the process had ended, or the caller of a postponed
 * reply had stopped waiting. `cause` is that error.
 */
export class EndedProcessError extends NoexError {
  override readonly name = 'EndedProcessError';
  readonly code = 'NOEX_ENDED_PROCESS';
  readonly processId: string;

  constructor(processId: string, what: string, cause: Error, options?: ProcessErrorOptions) {
    const label = processLabel(processId, options?.registeredName);
    super(`${what} of ${label} failed after the process had ended: ${messageOf(cause)}`, { cause });
    this.processId = processId;
  }
}

/** The message was refused or dropped, because the mailbox of the process already held `limit` messages. */
export class MailboxFullError extends NoexError {
  override readonly name = 'MailboxFullError';
  readonly code = 'NOEX_MAILBOX_FULL';
  readonly processId: string;
  readonly limit: number;

  readonly registeredName: string | undefined;
  override readonly mayHaveBeenHandled = false;

  constructor(processId: string, limit: number, options?: ProcessErrorOptions) {
    const label = processLabel(processId, options?.registeredName);
    super(`the mailbox of ${label} is full (mailboxLimit: ${limit}); slow down, or raise the limit`, causeOf(options));
    this.processId = processId;
    this.limit = limit;
    this.registeredName = options?.registeredName;
  }
}

/**
 * The name belongs to a process already, or is being registered for one. A process has at most one local name. So an
 * attempt to give it a second one also fails, and then `registeredName` is the name that it has. A process may have any
 * number of global names.
 */
export class AlreadyRegisteredError extends NoexError {
  override readonly name = 'AlreadyRegisteredError';
  readonly code = 'NOEX_ALREADY_REGISTERED';
  readonly registeredName: string;
  readonly processId: string;
  /** The node of the process. Present only for a global name that a process of another node has, or is about to get. */
  readonly nodeId?: string | undefined;

  /** @param owner the place of the process that has or claims a global name; `undefined`: the name is local */
  constructor(registeredName: string, processId: string, owner?: GlobalNameOwner) {
    super(
      owner === undefined
        ? localNameTaken(registeredName, processId)
        : globalNameTaken(registeredName, processId, owner),
    );
    this.registeredName = registeredName;
    this.processId = processId;
    if (owner?.nodeId !== undefined) this.nodeId = owner.nodeId;
  }
}

interface GlobalNameOwner {
  /** The node of the process; `undefined`: this node. */
  readonly nodeId: string | undefined;
}

function localNameTaken(name: string, processId: string): string {
  return `name '${name}' is registered for process ${processId}; choose another name, since a process has one name, and a name one process`;
}

function globalNameTaken(name: string, processId: string, { nodeId }: GlobalNameOwner): string {
  const place = nodeId === undefined ? 'this node' : `node ${nodeId}`;
  return `global name '${name}' belongs to process ${processId} of ${place}; use that process, or choose another name`;
}

/** A process group has no members on this node or on any connected node. */
export class NoGroupMembersError extends NoexError {
  override readonly name = 'NoGroupMembersError';
  readonly code = 'NOEX_NO_GROUP_MEMBERS';
  readonly group: string;
  override readonly mayHaveBeenHandled = false;

  constructor(group: string) {
    super(`group '${group}' has no members on a connected node; start some, or wait for them with members$`);
    this.group = group;
  }
}

/** No connected node is suitable for a child of a distributed supervisor. */
export class NoSuitableNodeError extends NoexError {
  override readonly name = 'NoSuitableNodeError';
  readonly code = 'NOEX_NO_SUITABLE_NODE';
  readonly supervisorId: string;
  readonly childId: string;

  constructor(supervisorId: string, childId: string, options?: ProcessErrorOptions) {
    const label = processLabel(supervisorId, options?.registeredName, 'supervisor');
    super(
      `${label} found no node for child '${childId}': no connected node satisfies its nodeSelector; start such a node, or change the selector`,
      causeOf(options),
    );
    this.supervisorId = supervisorId;
    this.childId = childId;
  }
}

/**
 * No instance of a distributed supervisor leads now, the leader is stopping its children, or it lost its role before it
 * completed the request.
 */
export class NoLeaderError extends NoexError {
  override readonly name = 'NoLeaderError';
  readonly code = 'NOEX_NO_LEADER';
  readonly supervisorName: string;

  constructor(supervisorName: string) {
    super(
      `distributed supervisor '${supervisorName}' has no leader at the moment: none of its connected instances owns its name yet; try again`,
    );
    this.supervisorName = supervisorName;
  }
}

/** Some connected nodes did not accept a global name within the time limit. The name is free again. */
export class GlobalNameTimeoutError extends NoexError {
  override readonly name = 'GlobalNameTimeoutError';
  readonly code = 'NOEX_GLOBAL_NAME_TIMEOUT';
  readonly registeredName: string;
  readonly timeoutMs: number;
  /** The ids of the nodes that did not answer. */
  readonly nodeIds: readonly string[];

  constructor(registeredName: string, timeoutMs: number, nodeIds: readonly string[]) {
    super(
      `global name '${registeredName}' was not accepted within ${timeoutMs} ms by ${nodeIds.join(', ')}; try again, or see what keeps these nodes busy`,
    );
    this.registeredName = registeredName;
    this.timeoutMs = timeoutMs;
    this.nodeIds = nodeIds;
  }
}

/** Fewer than `minNodes` nodes confirm a global name, or are seen by this node. The name was not registered. */
export class NoQuorumError extends NoexError {
  override readonly name = 'NoQuorumError';
  readonly code = 'NOEX_NO_QUORUM';
  readonly registeredName: string;
  /** The number of nodes that confirm the name. If it was not claimed yet: the number of nodes that this node sees. */
  readonly nodesSeen: number;
  readonly minNodes: number;

  constructor(registeredName: string, nodesSeen: number, minNodes: number) {
    super(
      `global name '${registeredName}' needs a quorum: ${nodesSeen} of at least ${minNodes} nodes (minNodes) confirm it to this node; try again when more nodes are connected`,
    );
    this.registeredName = registeredName;
    this.nodesSeen = nodesSeen;
    this.minNodes = minNodes;
  }
}

/**
 * Too few nodes confirmed the global names of this node: fewer than `minNodes` of its cluster. The processes that owned
 * them were killed. Reported on that node.
 */
export class QuorumLostError extends NoexError {
  override readonly name = 'QuorumLostError';
  readonly code = 'NOEX_QUORUM_LOST';
  /** The names that this node no longer has. */
  readonly registeredNames: readonly string[];
  /** The number of nodes that confirm a name, this one included. If it differs between the names, the smallest one. */
  readonly nodesSeen: number;
  readonly minNodes: number;

  constructor(registeredNames: readonly string[], nodesSeen: number, minNodes: number) {
    const shown = registeredNames.slice(0, MAX_SHOWN_NAMES).map((name) => `'${name}'`);
    const more = registeredNames.length - shown.length;
    super(
      `this node lost its quorum (it sees ${nodesSeen} of at least ${minNodes} nodes): the owners of its global names ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''} were killed; start them again when more nodes are connected`,
    );
    this.registeredNames = registeredNames;
    this.nodesSeen = nodesSeen;
    this.minNodes = minNodes;
  }
}

/**
 * A global name had two owners after a partition. The owner with the earlier claim keeps the name. Each node with one
 * of these owners reports this error.
 */
export class GlobalNameConflictError extends NoexError {
  override readonly name = 'GlobalNameConflictError';
  readonly code = 'NOEX_GLOBAL_NAME_CONFLICT';
  readonly registeredName: string;
  /** The id of the owner on this node. */
  readonly processId: string;
  /** Whether the process of this node keeps the name. */
  readonly isKept: boolean;
  /** The node of the other owner. */
  readonly nodeId: string;

  constructor(registeredName: string, processId: string, isKept: boolean, nodeId: string) {
    const outcome = isKept ? 'keeps the name' : 'loses it, since its claim is the later one';
    super(
      `global name '${registeredName}' had two owners after a partition: process ${processId} ${outcome}; the other owner is on node ${nodeId}`,
    );
    this.registeredName = registeredName;
    this.processId = processId;
    this.isKept = isKept;
    this.nodeId = nodeId;
  }
}

/** No process is registered under this name. */
export class NotRegisteredError extends NoexError {
  override readonly name = 'NotRegisteredError';
  readonly code = 'NOEX_NOT_REGISTERED';
  readonly registeredName: string;
  override readonly mayHaveBeenHandled = false;

  constructor(registeredName: string) {
    super(
      `no process is registered as '${registeredName}'; start it first, or use whereis(), which returns undefined instead of throwing`,
    );
    this.registeredName = registeredName;
  }
}

/** A child spec is invalid. `field` names the invalid part. */
export class InvalidChildSpecError extends NoexError {
  override readonly name = 'InvalidChildSpecError';
  readonly code = 'NOEX_INVALID_CHILD_SPEC';
  readonly field: string;

  constructor(field: string, problem: string) {
    super(`child spec: ${field} ${problem}`);
    this.field = field;
  }
}

/** An option does not exist; most often its name is misspelled. `field` is that name. */
export class UnknownOptionError extends NoexError {
  override readonly name = 'UnknownOptionError';
  readonly code = 'NOEX_UNKNOWN_OPTION';
  readonly field: string;

  constructor(field: string, place: string, known: readonly string[]) {
    super(`unknown option '${field}' in ${place}; expected one of ${known.join(', ')}`);
    this.field = field;
  }
}

/**
 * A child did not start. If its supervisor was starting, the supervisor did not start either. `cause` is the error of
 * the child's start. Also reported for a start that fails after its supervisor was stopped.
 */
export class ChildStartError extends NoexError {
  override readonly name = 'ChildStartError';
  readonly code = 'NOEX_CHILD_START';
  readonly supervisorId: string;
  readonly childId: string;

  constructor(supervisorId: string, childId: string, cause: Error) {
    super(`child '${childId}' of supervisor ${supervisorId} did not start: ${messageOf(cause)}`, { cause });
    this.supervisorId = supervisorId;
    this.childId = childId;
  }
}

/** The operation requires that the child is stopped, but the child is running. */
export class ChildRunningError extends NoexError {
  override readonly name = 'ChildRunningError';
  readonly code = 'NOEX_CHILD_RUNNING';
  readonly supervisorId: string;
  readonly childId: string;

  constructor(supervisorId: string, childId: string) {
    super(`child '${childId}' of supervisor ${supervisorId} is running; call terminateChild() first`);
    this.supervisorId = supervisorId;
    this.childId = childId;
  }
}

/** The operation was refused, because the supervisor is starting or restarting this child. */
export class ChildRestartingError extends NoexError {
  override readonly name = 'ChildRestartingError';
  readonly code = 'NOEX_CHILD_RESTARTING';
  readonly supervisorId: string;
  readonly childId: string;

  constructor(supervisorId: string, childId: string) {
    super(
      `supervisor ${supervisorId} is restarting child '${childId}' already; wait for it, or call terminateChild() to end the attempts`,
    );
    this.supervisorId = supervisorId;
    this.childId = childId;
  }
}

/** Two children of one supervisor would have the same id. */
export class DuplicateChildError extends NoexError {
  override readonly name = 'DuplicateChildError';
  readonly code = 'NOEX_DUPLICATE_CHILD';
  readonly supervisorId: string;
  readonly childId: string;

  constructor(supervisorId: string, childId: string, options?: ProcessErrorOptions) {
    const label = processLabel(supervisorId, options?.registeredName, 'supervisor');
    super(`${label} has a child '${childId}' already; child ids are unique within a supervisor`, causeOf(options));
    this.supervisorId = supervisorId;
    this.childId = childId;
  }
}

/**
 * The supervisor has no such child, or the child was removed before it ran. `childId` is the child id, or the process
 * id, that the caller passed.
 */
export class ChildNotFoundError extends NoexError {
  override readonly name = 'ChildNotFoundError';
  readonly code = 'NOEX_CHILD_NOT_FOUND';
  readonly supervisorId: string;
  readonly childId: string;

  constructor(supervisorId: string, childId: string, options?: ProcessErrorOptions) {
    const label = processLabel(supervisorId, options?.registeredName, 'supervisor');
    super(`${label} has no child '${childId}'; getChildren() lists those it has`, causeOf(options));
    this.supervisorId = supervisorId;
    this.childId = childId;
  }
}

/** The strategy is `simple_one_for_one`, but the required option `childTemplate` is missing. */
export class MissingChildTemplateError extends NoexError {
  override readonly name = 'MissingChildTemplateError';
  readonly code = 'NOEX_MISSING_CHILD_TEMPLATE';

  constructor() {
    super("strategy 'simple_one_for_one' needs childTemplate: { start: (...args) => Promise<ref> }");
  }
}

/**
 * An argument does not fit the strategy of the supervisor. `simple_one_for_one` takes `childTemplate` and arguments for
 * the template; the other strategies take `children` and child specs. `field` names the argument.
 */
export class InvalidSimpleOneForOneConfigError extends NoexError {
  override readonly name = 'InvalidSimpleOneForOneConfigError';
  readonly code = 'NOEX_INVALID_SIMPLE_ONE_FOR_ONE_CONFIG';
  readonly field: string;

  constructor(field: string, problem: string) {
    super(`${field}: ${problem}`);
    this.field = field;
  }
}

/**
 * A supervisor exceeded its restart intensity, so it stopped. `cause`, if present, is the error of the child that ended
 * last. Callers that wait for the supervisor get another error, whose `cause` is this error.
 */
export class MaxRestartsExceededError extends NoexError {
  override readonly name = 'MaxRestartsExceededError';
  readonly code = 'NOEX_MAX_RESTARTS_EXCEEDED';
  readonly supervisorId: string;

  constructor(supervisorId: string, maxRestarts: number, withinMs: number, options?: ProcessErrorOptions) {
    const label = processLabel(supervisorId, options?.registeredName, 'supervisor');
    const hint = options?.cause === undefined ? '' : '; see the cause for the last crash';
    super(`${label} gave up: more than ${maxRestarts} restarts within ${withinMs} ms${hint}`, causeOf(options));
    this.supervisorId = supervisorId;
  }
}

/** The runtime has been shut down, so nothing can be started in it. */
export class RuntimeShutdownError extends NoexError {
  override readonly name = 'RuntimeShutdownError';
  readonly code = 'NOEX_RUNTIME_SHUTDOWN';

  constructor() {
    super('this runtime has been shut down, so nothing can be started in it; make another with createRuntime()');
  }
}

/** The runtime was created with `observer: false`. */
export class ObserverDisabledError extends NoexError {
  override readonly name = 'ObserverDisabledError';
  readonly code = 'NOEX_OBSERVER_DISABLED';

  constructor() {
    super('this runtime was created with observer: false; create it without that option to observe it');
  }
}

/** A value is not a valid node id. */
export class InvalidNodeIdError extends NoexError {
  override readonly name = 'InvalidNodeIdError';
  readonly code = 'NOEX_INVALID_NODE_ID';

  constructor(text: unknown, problem: string) {
    super(`${describe(text)} is not a node id (name@host:port): ${problem}`);
  }
}

/**
 * An option of `Cluster.start` or `attach` is invalid, or differs from that of another node. `field` names the option.
 */
export class InvalidClusterConfigError extends NoexError {
  override readonly name = 'InvalidClusterConfigError';
  readonly code = 'NOEX_INVALID_CLUSTER_CONFIG';
  readonly field: string;

  constructor(field: string, problem: string, options?: ErrorOptions) {
    super(`cluster config: ${field} ${problem}`, options);
    this.field = field;
  }
}

/** The operation needs a running cluster. */
export class ClusterNotStartedError extends NoexError {
  override readonly name = 'ClusterNotStartedError';
  readonly code = 'NOEX_CLUSTER_NOT_STARTED';

  constructor() {
    super('the cluster is not running; await Cluster.start({ nodeName }) first');
  }
}

/** `Cluster.start` was called while the cluster was running, starting or stopping. */
export class ClusterAlreadyStartedError extends NoexError {
  override readonly name = 'ClusterAlreadyStartedError';
  readonly code = 'NOEX_CLUSTER_ALREADY_STARTED';

  constructor(status: string) {
    super(`the cluster is ${status}; await Cluster.stop() before starting it again`);
  }
}

/**
 * Listening on an address failed, mostly because the port is in use or the host is not this machine. `cause`, if
 * present, has details.
 */
export class ListenError extends NoexError {
  override readonly name = 'ListenError';
  readonly code = 'NOEX_LISTEN';
  readonly port: number;

  constructor(host: string, port: number, problem: string, options?: ErrorOptions) {
    super(`cannot listen on ${host}:${port}: ${problem}`, options);
    this.port = port;
  }

  /** Makes the error from the `error` event of a server that could not listen. */
  static because(host: string, port: number, cause: Error & { readonly code?: string | undefined }): ListenError {
    return new ListenError(host, port, problemOf(cause, port), { cause });
  }
}

function problemOf({ code, message }: Error & { readonly code?: string | undefined }, port: number): string {
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} is taken; stop what uses it, or choose another port`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'this machine has no such address';
    case 'EACCES':
      return `binding port ${port} is not permitted; choose one above 1023`;
    default:
      return message;
  }
}

/** The files of the web dashboard cannot be read. `folder` is their expected folder; `undefined` if it is not known. */
export class DashboardFilesError extends NoexError {
  override readonly name = 'DashboardFilesError';
  readonly code = 'NOEX_DASHBOARD_FILES';
  readonly folder: string | undefined;

  constructor(folder: string | undefined, problem: string, options?: ErrorOptions) {
    super(`cannot read the files of the web dashboard: ${problem}`, options);
    this.folder = folder;
  }
}

/**
 * The `authorize` function of a dashboard threw, returned an invalid value, or did not answer in time. The request was
 * refused. `cause` is what `authorize` threw; absent in the other cases.
 */
export class DashboardAuthorizationError extends NoexError {
  override readonly name = 'DashboardAuthorizationError';
  readonly code = 'NOEX_DASHBOARD_AUTHORIZATION';

  constructor(problem: string, options?: ErrorOptions) {
    super(`the dashboard refused a request: authorize ${problem}`, options);
  }
}

/** No node could be reached. `nodeId` is the node id or address that was dialled, or a list of several with commas. */
export class NodeUnreachableError extends NoexError {
  override readonly name = 'NodeUnreachableError';
  readonly code = 'NOEX_NODE_UNREACHABLE';
  readonly nodeId: string;

  constructor(nodeId: string, problem: string) {
    super(`cannot reach ${nodeId}: ${problem}; is the node running, and is this its address?`);
    this.nodeId = nodeId;
  }
}

/** The server of an engine cannot be reached, or refuses this node. `cause` is the error of its client. */
export class EngineUnreachableError extends NoexError {
  override readonly name = 'EngineUnreachableError';
  readonly code = 'NOEX_ENGINE_UNREACHABLE';
  readonly engine: string;

  constructor(engine: string, servers: string, problem: string, options?: ErrorOptions) {
    super(`cannot connect with ${engine} at ${servers}: ${problem}`, options);
    this.engine = engine;
  }
}

/** An optional package that was used is not installed. `cause` is the error of the import. */
export class MissingPackageError extends NoexError {
  override readonly name = 'MissingPackageError';
  readonly code = 'NOEX_MISSING_PACKAGE';
  readonly package: string;

  constructor(name: string, user: string, options?: ErrorOptions) {
    super(`${user} needs the package ${name}, which is not installed; run: npm install ${name}`, options);
    this.package = name;
  }
}

/** The node is not a member of this cluster. */
export class NodeNotFoundError extends NoexError {
  override readonly name = 'NodeNotFoundError';
  readonly code = 'NOEX_NODE_NOT_FOUND';
  readonly nodeId: string;

  constructor(nodeId: string) {
    super(`node ${nodeId} is not in the cluster; getNodeIds() lists those that are`);
    this.nodeId = nodeId;
  }
}

/** There is no link to the node now, or the link was lost before the answer arrived. */
export class NodeNotConnectedError extends NoexError {
  override readonly name = 'NodeNotConnectedError';
  readonly code = 'NOEX_NODE_NOT_CONNECTED';
  readonly nodeId: string;
  override readonly mayHaveBeenHandled: boolean;

  /** @param mayHaveBeenHandled whether the link was lost after a call was sent */
  constructor(nodeId: string, mayHaveBeenHandled = false) {
    const rest = mayHaveBeenHandled ? '; it may have handled the message before the link was lost' : '';
    super(`node ${nodeId} is not connected; noex reconnects while this node is in the cluster${rest}`);
    this.nodeId = nodeId;
    this.mayHaveBeenHandled = mayHaveBeenHandled;
  }
}

/** Too much is waiting for one node: unsent bytes, or calls without an answer. The message was refused. */
export class LinkOverloadedError extends NoexError {
  override readonly name = 'LinkOverloadedError';
  readonly code = 'NOEX_LINK_OVERLOADED';
  readonly nodeId: string;
  /** The limit that was reached, in {@link unit}. */
  readonly limit: number;
  /** `bytes` that are not sent yet, or `calls` without an answer. */
  readonly unit: 'bytes' | 'calls';
  override readonly mayHaveBeenHandled = false;

  constructor(nodeId: string, limit: number, unit: 'bytes' | 'calls' = 'bytes') {
    super(`${limit} ${unit} wait for node ${nodeId}, which is the limit; send less, or wait until it has caught up`);
    this.nodeId = nodeId;
    this.limit = limit;
    this.unit = unit;
  }
}

/** A node did not answer a request in time. */
export class NodeTimeoutError extends NoexError {
  override readonly name = 'NodeTimeoutError';
  readonly code = 'NOEX_NODE_TIMEOUT';
  readonly nodeId: string;
  readonly timeoutMs: number;

  constructor(nodeId: string, timeoutMs: number) {
    super(`node ${nodeId} did not answer within ${timeoutMs} ms; raise the time-out, or see what keeps it busy`);
    this.nodeId = nodeId;
    this.timeoutMs = timeoutMs;
  }
}

/**
 * A handler on another node threw, or a request failed on that node. `message` has the message of the remote error. The
 * stack of the remote error is not sent.
 */
export class RemoteError extends NoexError {
  override readonly name = 'RemoteError';
  readonly code = 'NOEX_REMOTE';
  readonly nodeId: string;
  /** The `code` of the error on the other node; `undefined` if that error had none. */
  readonly remoteCode: string | undefined;
  /** The `name` of the error on the other node, such as `TypeError`; `undefined` if not known. */
  readonly remoteName: string | undefined;
  override readonly mayHaveBeenHandled = true;

  constructor(nodeId: string, message: string, remoteCode?: string, remoteName?: string) {
    super(message);
    this.nodeId = nodeId;
    this.remoteCode = remoteCode;
    this.remoteName = remoteName;
  }
}

/** No behavior is registered under this name on the node that should start it. */
export class BehaviorNotRegisteredError extends NoexError {
  override readonly name = 'BehaviorNotRegisteredError';
  readonly code = 'NOEX_BEHAVIOR_NOT_REGISTERED';
  readonly behaviorName: string;
  /** The node that should start the behavior; `undefined`: this node. */
  readonly nodeId: string | undefined;

  constructor(behaviorName: string, nodeId?: string) {
    const place = nodeId === undefined ? '' : ` on node ${nodeId}`;
    super(`no behavior is registered as '${behaviorName}'${place}; call BehaviorRegistry.register there first`);
    this.behaviorName = behaviorName;
    this.nodeId = nodeId;
  }
}

/**
 * A message, reply or argument cannot be sent to another node: it has a value that cannot be encoded, or is too large.
 */
export class NotSerializableError extends NoexError {
  override readonly name = 'NotSerializableError';
  readonly code = 'NOEX_NOT_SERIALIZABLE';
  /** The position of the value, such as `message.items[3].socket`. */
  readonly path: string;
  override readonly mayHaveBeenHandled = false;

  /**
   * @param problem the kind of the value, such as `a function`, without its content
   * @param advice what to send instead
   */
  constructor(path: string, problem: string, advice = 'send plain data, Date, Map, Set, bigint or Error') {
    super(`${path} cannot be sent to another node: it is ${problem}; ${advice}`);
    this.path = path;
  }
}

/**
 * The other node refused the message, because its `accept` function or its version of noex does not allow the message.
 */
export class MessageRefusedError extends NoexError {
  override readonly name = 'MessageRefusedError';
  readonly code = 'NOEX_MESSAGE_REFUSED';
  readonly nodeId: string;
  readonly reason: string;
  override readonly mayHaveBeenHandled = false;

  constructor(nodeId: string, reason: string) {
    super(`node ${nodeId} refused the message: ${reason}`);
    this.nodeId = nodeId;
    this.reason = reason;
  }
}

/** Another running node uses the same node id. Reported on both nodes. */
export class NodeIdConflictError extends NoexError {
  override readonly name = 'NodeIdConflictError';
  readonly code = 'NOEX_NODE_ID_CONFLICT';
  readonly nodeId: string;

  constructor(nodeId: string) {
    super(`two living nodes claim the id ${nodeId}; give one of them another nodeName, host or port`);
    this.nodeId = nodeId;
  }
}

/**
 * A handshake failed or a link was refused, so there is no link. `reason` is stable across releases. `peer` is the
 * address or node id of the other side.
 */
export class HandshakeError extends NoexError {
  override readonly name = 'HandshakeError';
  readonly code = 'NOEX_HANDSHAKE';
  readonly peer: string;
  readonly reason: string;

  constructor(peer: string, reason: string, problem: string) {
    super(`no link with ${peer} (${reason}): ${problem}`);
    this.peer = peer;
    this.reason = reason;
  }
}

/**
 * Many connections were refused. The first few were reported one by one, and this error reports the others. `reasons`
 * has the number of these connections for each reason. Reasons that noex does not know are counted as `other`.
 */
export class ConnectionsRefusedError extends NoexError {
  override readonly name = 'ConnectionsRefusedError';
  readonly code = 'NOEX_CONNECTIONS_REFUSED';
  readonly count: number;
  readonly reasons: Readonly<Record<string, number>>;

  /** @param origin the addresses that the connections came from, as text */
  constructor(reasons: Readonly<Record<string, number>>, origin: string, seconds: number) {
    const count = Object.values(reasons).reduce((sum, each) => sum + each, 0);
    const each = Object.entries(reasons).map(([reason, times]) => `${reason} ${times}`);
    super(
      `${count} more connections were refused within ${seconds} s, from ${origin}: ${each.join(', ')}; if they are not ` +
        'nodes or observers of yours, keep their addresses away from this port',
    );
    this.count = count;
    this.reasons = reasons;
  }
}

/** A frame from another node broke the protocol, so the link was closed. `reason` is stable across releases. */
export class ProtocolError extends NoexError {
  override readonly name = 'ProtocolError';
  readonly code = 'NOEX_PROTOCOL';
  readonly reason: string;
  /** The message without the reason. */
  readonly problem: string;

  constructor(reason: string, problem: string, options?: ErrorOptions) {
    super(`${reason}: ${problem}`, options);
    this.reason = reason;
    this.problem = problem;
  }
}

/** Code threw a value that is not an Error. `cause` is that value, and `message` shows the value, shortened. */
export class ThrownValueError extends NoexError {
  override readonly name = 'ThrownValueError';
  readonly code = 'NOEX_THROWN_VALUE';

  constructor(thrown: unknown) {
    super(`thrown: ${inspected(thrown)}`, { cause: thrown });
    // The stack of this wrapper is left out, because it does not show where the value was thrown.
    this.stack = `${this.name}: ${this.message}`;
  }
}

/**
 * Whether a value is an error: an Error of this realm, of another realm (a `vm` context, the sandbox of a test runner),
 * or an object with the same fields. Never throws: a value with properties that throw is not an error.
 */
export function isError(value: unknown): value is Error {
  try {
    if (typeof value !== 'object' || value === null) return false;
    if (value instanceof Error || types.isNativeError(value)) return true;
    if (Object.prototype.toString.call(value) === '[object Error]') return true;
    const { name, message, stack } = value as Partial<Record<keyof Error, unknown>>;
    return typeof name === 'string' && typeof message === 'string' && typeof stack === 'string';
  } catch {
    return false;
  }
}

/**
 * Returns a thrown value as an Error. A value that is not an error becomes the `cause` of a {@link ThrownValueError}.
 */
export function asError(thrown: unknown): Error {
  return isError(thrown) ? thrown : new ThrownValueError(thrown);
}

/** The message of any thrown value. Never throws. */
export function messageOf(thrown: unknown): string {
  try {
    return String(asError(thrown).message);
  } catch {
    return UNREADABLE;
  }
}

/** The `code` of a thrown value, or `undefined` if the value has none or reading it throws. Never throws. */
export function codeOf(thrown: unknown): unknown {
  try {
    return typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, 'code') : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Emits an error as a Node.js warning: the last resort if a reporter or an error handler itself fails. Never throws.
 */
export function warn(error: unknown): void {
  try {
    process.emitWarning(asError(error));
  } catch {
    // `emitWarning` refuses errors of another realm, and objects that only look like an error.
    process.emitWarning(messageOf(error));
  }
}

/** Wraps a handler so that it never throws. Passes what it throws, and what its promise rejects with, to `onError`. */
export function isolated<Args extends readonly unknown[]>(
  handler: (...args: Args) => unknown,
  onError: (error: Error) => void,
): (...args: Args) => void {
  const report = (thrown: unknown): void => onError(asError(thrown));
  return (...args) => {
    try {
      const result = handler(...args);
      if (result instanceof Promise) result.catch(report);
    } catch (thrown) {
      report(thrown);
    }
  };
}

/** The text for an error with a message that cannot be read. */
export const UNREADABLE = 'an error that throws when it is read';

/** The maximum length of an inspected value, in characters. */
const MAX_INSPECTED = 1000;

/**
 * Shows a value as text of bounded length. Calls no custom inspection functions, and no getters of the shown
 * properties. Node.js still reads `Symbol.toStringTag`, and `name` of an error.
 */
export function inspected(value: unknown): string {
  if (typeof value === 'string') return describe(value);
  try {
    const text = inspect(value, {
      depth: 2,
      maxArrayLength: 10,
      maxStringLength: 200,
      breakLength: Number.POSITIVE_INFINITY,
      customInspect: false,
      getters: false,
    });
    return text.length > MAX_INSPECTED ? `${text.slice(0, MAX_INSPECTED)}...` : text;
  } catch {
    return 'a value that throws when it is read';
  }
}

/** Shows an argument as text. The content of objects is left out, because a configuration may have secrets. */
function describe(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 80 ? `${value.slice(0, 80)}...` : value}'`;
  if (typeof value === 'function') return 'a function';
  // A bigint may have any number of digits, a symbol a description of any length.
  if (value === null || typeof value !== 'object') return String(value).slice(0, 80);
  return Array.isArray(value) ? 'an array' : 'an object';
}

/** The options for the constructor of Error. A missing `cause` must not become `cause: undefined`. */
function causeOf(options: ProcessErrorOptions | undefined): ErrorOptions | undefined {
  return options !== undefined && 'cause' in options ? { cause: options.cause } : undefined;
}
