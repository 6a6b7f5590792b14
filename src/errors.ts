import { inspect, types } from 'node:util';

/**
 * Every error noex makes is one of these classes. `code` is stable across releases and is what programs should
 * compare; `message` is for people and says what to do; `cause` is the error underneath, where there is one.
 */
export abstract class NoexError extends Error {
  abstract readonly code: string;
  /**
   * Of an error that rejects a call: whether the process may have handled the message, or may still do so. `false`: it has
   * not and will not, so that the call can safely be made again. `undefined`: the error is not about a call.
   */
  declare readonly mayHaveBeenHandled?: boolean;
}

/** What an error of a process may be given besides its text. */
export interface ProcessErrorOptions extends ErrorOptions {
  /** The name under which the process was registered; the text then shows it beside the id. */
  readonly registeredName?: string | undefined;
  /** See {@link NoexError.mayHaveBeenHandled}. */
  readonly mayHaveBeenHandled?: boolean | undefined;
}

/** How texts name a process: `process p6`, or `process p6 ('billing')` where its registered name is known. */
export function processLabel(id: string, registeredName: string | undefined, kind = 'process'): string {
  return registeredName === undefined ? `${kind} ${id}` : `${kind} ${id} ('${registeredName}')`;
}

/** An argument is not what the function takes. `field` names it. */
export class InvalidArgumentError extends NoexError {
  override readonly name = 'InvalidArgumentError';
  readonly code = 'NOEX_INVALID_ARGUMENT';
  readonly field: string;

  constructor(field: string, expected: string, got: unknown) {
    super(`${field} must be ${expected}; got ${describe(got)}`);
    this.field = field;
  }
}

/** No process answers under this id: it has ended, or never ran in this runtime. */
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
 * The ref belongs to a life of a runtime that is not known here: to another `createRuntime()`, to a node that this one has never
 * been linked with, or to this program before a restart. `processId` and `life` are those of the ref.
 */
export class ForeignRefError extends NoexError {
  override readonly name = 'ForeignRefError';
  readonly code = 'NOEX_FOREIGN_REF';
  readonly processId: string;
  readonly life: string;
  override readonly mayHaveBeenHandled = false;

  /** @param taken `local`: only processes of this runtime are taken */
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

/** `init` threw, or took longer than `initTimeout`; the process never ran. `cause` is what it threw. */
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

/** No reply came in time. The server may still handle the message. */
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

/** The `signal` of a call was aborted before its reply came; `cause` is the reason of the signal. */
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

const INSTEAD_OF_SELF = {
  call: 'cast to it from its handlers',
  stop: 'return stop(reason, state) from its handler',
  ask: 'ask it after the start of its child has returned',
};

/** A process called or stopped itself from one of its own handlers, and would have waited for itself for ever. */
export class CallingSelfError extends NoexError {
  override readonly name = 'CallingSelfError';
  readonly code = 'NOEX_CALLING_SELF';
  readonly processId: string;
  override readonly mayHaveBeenHandled = false;

  /** `ask`: a supervisor, from the `start` of one of its children. */
  constructor(processId: string, operation: 'call' | 'stop' | 'ask', options?: ProcessErrorOptions) {
    const label = processLabel(processId, options?.registeredName);
    super(`${label} cannot ${operation} itself; ${INSTEAD_OF_SELF[operation]}`);
    this.processId = processId;
  }
}

/** A handler returned something that is no result of it; its process ended with this error. */
export class InvalidHandlerResultError extends NoexError {
  override readonly name = 'InvalidHandlerResultError';
  readonly code = 'NOEX_INVALID_HANDLER_RESULT';
  readonly processId: string;
  /** The name of the handler: `handleCall`. */
  readonly handler: string;

  /** @param problem what it returned, and what it should: no content of messages or states */
  constructor(processId: string, handler: string, problem: string, options?: ProcessErrorOptions) {
    super(`${handler} of ${processLabel(processId, options?.registeredName)} returned ${problem}`);
    this.processId = processId;
    this.handler = handler;
  }
}

/** The process has no handler for the message, which changed nothing there; the process goes on. */
export class UnhandledMessageError extends NoexError {
  override readonly name = 'UnhandledMessageError';
  readonly code = 'NOEX_UNHANDLED_MESSAGE';
  readonly processId: string;
  readonly registeredName?: string | undefined;
  readonly kind: 'call' | 'cast';
  /** The field `type` of the message, or the message itself where it is a string. */
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

/** Code of a process failed after the process had ended; `cause` is the error. There is no caller to reject. */
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

/** The mailbox holds `limit` messages already; this one was not taken. */
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

/** The name belongs to a living process, or the process has a name already. */
export class AlreadyRegisteredError extends NoexError {
  override readonly name = 'AlreadyRegisteredError';
  readonly code = 'NOEX_ALREADY_REGISTERED';
  readonly registeredName: string;
  readonly processId: string;
  /** The node of the process, for a global name that a process of another node has or claims. */
  readonly nodeId?: string | undefined;

  constructor(registeredName: string, processId: string, nodeId?: string) {
    const place = nodeId === undefined ? '' : ` of node ${nodeId}`;
    super(
      `name '${registeredName}' is registered for process ${processId}${place}; choose another name, since a process has one name, and a name one process`,
    );
    this.registeredName = registeredName;
    this.processId = processId;
    if (nodeId !== undefined) this.nodeId = nodeId;
  }
}

/** A group has no members on this node, nor on a connected one. */
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

/** Not every connected node has accepted a global name in time. The name is free again. */
export class GlobalNameTimeoutError extends NoexError {
  override readonly name = 'GlobalNameTimeoutError';
  readonly code = 'NOEX_GLOBAL_NAME_TIMEOUT';
  readonly registeredName: string;
  readonly timeoutMs: number;
  /** The nodes that have not answered. */
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

/** A global name had two owners, as it may after a partition. The earlier claim stays; both nodes report it. */
export class GlobalNameConflictError extends NoexError {
  override readonly name = 'GlobalNameConflictError';
  readonly code = 'NOEX_GLOBAL_NAME_CONFLICT';
  readonly registeredName: string;
  /** The process of this node. */
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

/** A child spec is unusable. `field` names the part of it. */
export class InvalidChildSpecError extends NoexError {
  override readonly name = 'InvalidChildSpecError';
  readonly code = 'NOEX_INVALID_CHILD_SPEC';
  readonly field: string;

  constructor(field: string, problem: string) {
    super(`child spec: ${field} ${problem}`);
    this.field = field;
  }
}

/** An option that does not exist, most often a misspelled one. `field` names it. */
export class UnknownOptionError extends NoexError {
  override readonly name = 'UnknownOptionError';
  readonly code = 'NOEX_UNKNOWN_OPTION';
  readonly field: string;

  constructor(field: string, place: string, known: readonly string[]) {
    super(`unknown option '${field}' in ${place}; expected one of ${known.join(', ')}`);
    this.field = field;
  }
}

/** A child did not start, and with it its supervisor. `cause` is what the child's `start` threw. */
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

/** The child runs; it has to be terminated first. */
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

/** The supervisor is restarting the child, and goes on trying; the request changed nothing. */
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

/** The supervisor has no such child. `childId` is the id asked for, or that of the process. */
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

/** `simple_one_for_one` was asked for without the template its children are made from. */
export class MissingChildTemplateError extends NoexError {
  override readonly name = 'MissingChildTemplateError';
  readonly code = 'NOEX_MISSING_CHILD_TEMPLATE';

  constructor() {
    super("strategy 'simple_one_for_one' needs childTemplate: { start: (...args) => Promise<ref> }");
  }
}

/** Options that exclude one another: `simple_one_for_one` has a template and no children, the others the reverse. */
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
 * Children ended more often than the restart intensity allows, so the supervisor stopped. `cause` is why the last child
 * ended; this error is the `cause` for callers that wait for the supervisor.
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

/** The runtime has been shut down: nothing starts in it any more. */
export class RuntimeShutdownError extends NoexError {
  override readonly name = 'RuntimeShutdownError';
  readonly code = 'NOEX_RUNTIME_SHUTDOWN';

  constructor() {
    super('this runtime has been shut down, so nothing can be started in it; make another with createRuntime()');
  }
}

/** The runtime was created with `observer: false`, or the node asked was. */
export class ObserverDisabledError extends NoexError {
  override readonly name = 'ObserverDisabledError';
  readonly code = 'NOEX_OBSERVER_DISABLED';

  constructor() {
    super('this runtime was created with observer: false; create it without that option to observe it');
  }
}

/** The text is not a node id. */
export class InvalidNodeIdError extends NoexError {
  override readonly name = 'InvalidNodeIdError';
  readonly code = 'NOEX_INVALID_NODE_ID';

  constructor(text: unknown, problem: string) {
    super(`${describe(text)} is not a node id (name@host:port): ${problem}`);
  }
}

/** `Cluster.start` was given a value it cannot use. `field` names it. */
export class InvalidClusterConfigError extends NoexError {
  override readonly name = 'InvalidClusterConfigError';
  readonly code = 'NOEX_INVALID_CLUSTER_CONFIG';
  readonly field: string;

  constructor(field: string, problem: string, options?: ErrorOptions) {
    super(`cluster config: ${field} ${problem}`, options);
    this.field = field;
  }
}

/** The cluster is not running. */
export class ClusterNotStartedError extends NoexError {
  override readonly name = 'ClusterNotStartedError';
  readonly code = 'NOEX_CLUSTER_NOT_STARTED';

  constructor() {
    super('the cluster is not running; await Cluster.start({ nodeName }) first');
  }
}

/** `Cluster.start` was called while the cluster runs, starts or stops. */
export class ClusterAlreadyStartedError extends NoexError {
  override readonly name = 'ClusterAlreadyStartedError';
  readonly code = 'NOEX_CLUSTER_ALREADY_STARTED';

  constructor(status: string) {
    super(`the cluster is ${status}; await Cluster.stop() before starting it again`);
  }
}

/** The address could not be bound: the port is taken, or the host is not this machine's. `cause` has the details. */
export class ListenError extends NoexError {
  override readonly name = 'ListenError';
  readonly code = 'NOEX_LISTEN';
  readonly port: number;

  constructor(host: string, port: number, problem: string, options?: ErrorOptions) {
    super(`cannot listen on ${host}:${port}: ${problem}`, options);
    this.port = port;
  }

  /** What the error of a server that did not come to listen means. */
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

/** The files of the web dashboard cannot be read. `folder`: where they were looked for, where that is known. */
export class DashboardFilesError extends NoexError {
  override readonly name = 'DashboardFilesError';
  readonly code = 'NOEX_DASHBOARD_FILES';
  readonly folder: string | undefined;

  constructor(folder: string | undefined, problem: string, options?: ErrorOptions) {
    super(`cannot read the files of the web dashboard: ${problem}`, options);
    this.folder = folder;
  }
}

/** The `authorize` function of a dashboard failed, and the request was refused. `cause` is what it threw. */
export class DashboardAuthorizationError extends NoexError {
  override readonly name = 'DashboardAuthorizationError';
  readonly code = 'NOEX_DASHBOARD_AUTHORIZATION';

  constructor(problem: string, options?: ErrorOptions) {
    super(`the dashboard refused a request: authorize ${problem}`, options);
  }
}

/** No node could be reached at that address. */
export class NodeUnreachableError extends NoexError {
  override readonly name = 'NodeUnreachableError';
  readonly code = 'NOEX_NODE_UNREACHABLE';
  readonly nodeId: string;

  constructor(nodeId: string, problem: string) {
    super(`cannot reach ${nodeId}: ${problem}; is the node running, and is this its address?`);
    this.nodeId = nodeId;
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

/** The node is a member, but there is no link to it now. */
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

/** Too much of what was sent to a node is unsent: no more is accepted. */
export class LinkOverloadedError extends NoexError {
  override readonly name = 'LinkOverloadedError';
  readonly code = 'NOEX_LINK_OVERLOADED';
  readonly nodeId: string;
  /** In {@link unit}. */
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

/** A linked node did not answer in time. */
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
 * A handler of another node threw, or a request to that node failed there; `message` is that of the error over there, whose
 * stack stays on its node.
 */
export class RemoteError extends NoexError {
  override readonly name = 'RemoteError';
  readonly code = 'NOEX_REMOTE';
  readonly nodeId: string;
  /** The `code` of the error on the other node, where it had one. */
  readonly remoteCode: string | undefined;
  /** The `name` of the error on the other node, where it is known: its class. */
  readonly remoteName: string | undefined;
  override readonly mayHaveBeenHandled = true;

  constructor(nodeId: string, message: string, remoteCode?: string, remoteName?: string) {
    super(message);
    this.nodeId = nodeId;
    this.remoteCode = remoteCode;
    this.remoteName = remoteName;
  }
}

/** No behavior is registered under this name, on this node or on the one that should have started it. */
export class BehaviorNotRegisteredError extends NoexError {
  override readonly name = 'BehaviorNotRegisteredError';
  readonly code = 'NOEX_BEHAVIOR_NOT_REGISTERED';
  readonly behaviorName: string;
  /** Absent: this node. */
  readonly nodeId: string | undefined;

  constructor(behaviorName: string, nodeId?: string) {
    const place = nodeId === undefined ? '' : ` on node ${nodeId}`;
    super(`no behavior is registered as '${behaviorName}'${place}; call BehaviorRegistry.register there first`);
    this.behaviorName = behaviorName;
    this.nodeId = nodeId;
  }
}

/** A message, or a reply, holds something that cannot travel to another node. `path` names the place in it. */
export class NotSerializableError extends NoexError {
  override readonly name = 'NotSerializableError';
  readonly code = 'NOEX_NOT_SERIALIZABLE';
  /** From the value that was sent, such as `message.items[3].socket`. */
  readonly path: string;
  override readonly mayHaveBeenHandled = false;

  /**
   * @param problem what is there: no content
   * @param advice what to do instead
   */
  constructor(path: string, problem: string, advice = 'send plain data, Date, Map, Set, bigint or Error') {
    super(`${path} cannot be sent to another node: it is ${problem}; ${advice}`);
    this.path = path;
  }
}

/** The other node does not take this message: its `accept` refused it, or its version of noex does not know it. */
export class MessageRefusedError extends NoexError {
  override readonly name = 'MessageRefusedError';
  readonly code = 'NOEX_MESSAGE_REFUSED';
  readonly nodeId: string;
  override readonly mayHaveBeenHandled = false;

  constructor(nodeId: string, reason: string) {
    super(`node ${nodeId} refused the message: ${reason}`);
    this.nodeId = nodeId;
  }
}

/** Another living node holds the same node id. Reported on both of them. */
export class NodeIdConflictError extends NoexError {
  override readonly name = 'NodeIdConflictError';
  readonly code = 'NOEX_NODE_ID_CONFLICT';
  readonly nodeId: string;

  constructor(nodeId: string) {
    super(`two living nodes claim the id ${nodeId}; give one of them another nodeName, host or port`);
    this.nodeId = nodeId;
  }
}

/** A handshake ended without a link. `reason` is stable; `peer` is the address or node id of the other side. */
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
 * Many connections of others were refused: the first few were reported one by one, these are only counted. `reasons` has
 * how many there were of each, by the stable word for it.
 */
export class ConnectionsRefusedError extends NoexError {
  override readonly name = 'ConnectionsRefusedError';
  readonly code = 'NOEX_CONNECTIONS_REFUSED';
  readonly count: number;
  readonly reasons: Readonly<Record<string, number>>;

  /** @param origin where they came from, as text */
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

/** A frame from another node broke the protocol. `reason` is stable; the link it came over was closed. */
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

/** A handler threw something that is not an Error. `cause` is that value; the message shows it, shortened. */
export class ThrownValueError extends NoexError {
  override readonly name = 'ThrownValueError';
  readonly code = 'NOEX_THROWN_VALUE';

  constructor(thrown: unknown) {
    super(`thrown: ${inspected(thrown)}`, { cause: thrown });
    // Where this wrapper was made says nothing about where the value was thrown.
    this.stack = `${this.name}: ${this.message}`;
  }
}

/**
 * Whether a value is an error, of this realm or another (a `vm` context, a test runner's sandbox), or has the shape of
 * one. Total: a value whose properties throw when they are read is none.
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

/** What was thrown, as an Error: any other value becomes the `cause` of a {@link ThrownValueError}. */
export function asError(thrown: unknown): Error {
  return isError(thrown) ? thrown : new ThrownValueError(thrown);
}

/** The message of what was thrown, whatever it was. Total. */
export function messageOf(thrown: unknown): string {
  try {
    return String(asError(thrown).message);
  } catch {
    return UNREADABLE;
  }
}

/** The `code` of what was thrown, where it can be read. Total. */
export function codeOf(thrown: unknown): unknown {
  try {
    return typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, 'code') : undefined;
  } catch {
    return undefined;
  }
}

/** Reports an error as a warning of Node.js: the last resort, where a reporter or an error handler itself fails. Total. */
export function warn(error: unknown): void {
  try {
    process.emitWarning(asError(error));
  } catch {
    // Of another realm or a mere look-alike: Node.js takes only its own errors.
    process.emitWarning(messageOf(error));
  }
}

/**
 * The handler as it may be called: what it throws, or what its promise rejects with, goes to `onError`, and does not
 * reach the caller.
 */
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

/** What stands in for an error that cannot be read. */
export const UNREADABLE = 'an error that throws when it is read';

/** Characters. */
const MAX_INSPECTED = 1000;

/** A value as text of bounded length. Runs no code of the value, getters and custom inspection included. */
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

/** An argument as text. Objects are not shown: configuration holds secrets. */
function describe(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 80 ? `${value.slice(0, 80)}...` : value}'`;
  if (typeof value === 'function') return 'a function';
  if (value === null || typeof value !== 'object') return String(value);
  return Array.isArray(value) ? 'an array' : 'an object';
}

/** The part of the options that Error itself takes: with a `cause` only if there is one. */
function causeOf(options: ProcessErrorOptions | undefined): ErrorOptions | undefined {
  return options !== undefined && 'cause' in options ? { cause: options.cause } : undefined;
}
