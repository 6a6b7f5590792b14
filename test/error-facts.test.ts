import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as dashboard from '../src/dashboard.js';
import * as distribution from '../src/distribution.js';
import * as noex from '../src/index.js';

const cause = new Error('boom');
const named = { registeredName: 'orders', cause };

/** An example of every exported error class, and the facts that its message and its fields have to carry. */
const EXAMPLES: Readonly<Record<string, readonly [error: noex.NoexError, facts: Readonly<Record<string, unknown>>]>> = {
  AlreadyRegisteredError: [
    new noex.AlreadyRegisteredError('orders', 'p7'),
    { registeredName: 'orders', processId: 'p7' },
  ],
  NoGroupMembersError: [new noex.NoGroupMembersError('workers'), { group: 'workers' }],
  NoLeaderError: [new noex.NoLeaderError('jobs'), { supervisorName: 'jobs' }],
  NoSuitableNodeError: [new noex.NoSuitableNodeError('p7', 'mailer'), { supervisorId: 'p7', childId: 'mailer' }],
  GlobalNameTimeoutError: [
    new noex.GlobalNameTimeoutError('orders', 10_000, ['a@10.0.0.1:1']),
    { registeredName: 'orders', timeoutMs: 10_000, nodeIds: ['a@10.0.0.1:1'] },
  ],
  GlobalNameConflictError: [
    new noex.GlobalNameConflictError('orders', 'p7', true, 'a@10.0.0.1:1'),
    { registeredName: 'orders', processId: 'p7', nodeId: 'a@10.0.0.1:1' },
  ],
  NoQuorumError: [new noex.NoQuorumError('orders', 1, 2), { registeredName: 'orders', nodesSeen: 1, minNodes: 2 }],
  QuorumLostError: [
    new noex.QuorumLostError(['orders'], 1, 2),
    { registeredNames: ['orders'], nodesSeen: 1, minNodes: 2 },
  ],
  CallTimeoutError: [new noex.CallTimeoutError('p7', 250, named), { processId: 'p7', timeoutMs: 250 }],
  CallingSelfError: [new noex.CallingSelfError('p7', 'call', named), { processId: 'p7' }],
  ChildNotFoundError: [new noex.ChildNotFoundError('p1', 'db', named), { supervisorId: 'p1', childId: 'db' }],
  ChildRestartingError: [new noex.ChildRestartingError('p1', 'db'), { supervisorId: 'p1', childId: 'db' }],
  ChildRunningError: [new noex.ChildRunningError('p1', 'db'), { supervisorId: 'p1', childId: 'db' }],
  ChildStartError: [new noex.ChildStartError('p1', 'db', cause), { supervisorId: 'p1', childId: 'db' }],
  BehaviorNotRegisteredError: [new noex.BehaviorNotRegisteredError('cart', 'a@10.0.0.1:1'), { nodeId: 'a@10.0.0.1:1' }],
  CallAbortedError: [
    new noex.CallAbortedError('p7', { ...named, cause, mayHaveBeenHandled: true }),
    { processId: 'p7' },
  ],
  ClusterAlreadyStartedError: [new noex.ClusterAlreadyStartedError('running'), {}],
  ClusterNotStartedError: [new noex.ClusterNotStartedError(), {}],
  ConnectionsRefusedError: [new noex.ConnectionsRefusedError({ auth_failed: 12 }, '10.0.0.0/24', 60), {}],
  DashboardAuthorizationError: [new noex.DashboardAuthorizationError('threw', { cause }), {}],
  DashboardFilesError: [new noex.DashboardFilesError('/srv/web', 'no index.html in /srv/web'), { folder: '/srv/web' }],
  DuplicateChildError: [new noex.DuplicateChildError('p1', 'db', named), { supervisorId: 'p1', childId: 'db' }],
  EndedProcessError: [new noex.EndedProcessError('p7', 'a handler', cause, named), { processId: 'p7' }],
  ForeignRefError: [new noex.ForeignRefError('p7', 'kX3'), { processId: 'p7' }],
  HandshakeError: [
    new noex.HandshakeError('10.0.0.2:4369', 'auth_failed', 'the secrets differ'),
    { peer: '10.0.0.2:4369', reason: 'auth_failed' },
  ],
  InitializationError: [new noex.InitializationError('p7', 'boom', named), { processId: 'p7' }],
  InvalidArgumentError: [new noex.InvalidArgumentError('timeout', 'more than 0', -1), { field: 'timeout' }],
  InvalidChildSpecError: [new noex.InvalidChildSpecError('restart', "of child 'db' must be ..."), { field: 'restart' }],
  InvalidClusterConfigError: [new noex.InvalidClusterConfigError('port', 'must be ...', { cause }), { field: 'port' }],
  InvalidHandlerResultError: [
    new noex.InvalidHandlerResultError('p7', 'handleCast', 'no state', named),
    { processId: 'p7' },
  ],
  InvalidNodeIdError: [new noex.InvalidNodeIdError('shop', 'there is no @'), {}],
  InvalidSimpleOneForOneConfigError: [
    new noex.InvalidSimpleOneForOneConfigError('children', 'leave it out'),
    { field: 'children' },
  ],
  LinkOverloadedError: [
    new noex.LinkOverloadedError('a@10.0.0.1:1', 65_536, 'calls'),
    { nodeId: 'a@10.0.0.1:1', limit: 65_536, unit: 'calls' },
  ],
  ListenError: [new noex.ListenError('127.0.0.1', 4369, 'the port is taken', { cause }), { port: 4369 }],
  MailboxFullError: [new noex.MailboxFullError('p7', 100, named), { processId: 'p7', limit: 100 }],
  MaxRestartsExceededError: [new noex.MaxRestartsExceededError('p1', 3, 5000, named), { supervisorId: 'p1' }],
  MessageRefusedError: [
    new noex.MessageRefusedError('a@10.0.0.1:1', 'not accepted'),
    { nodeId: 'a@10.0.0.1:1', reason: 'not accepted' },
  ],
  MissingPackageError: [new noex.MissingPackageError('some-client', 'noex/some'), { package: 'some-client' }],
  MissingChildTemplateError: [new noex.MissingChildTemplateError(), {}],
  NodeIdConflictError: [new noex.NodeIdConflictError('a@10.0.0.1:1'), { nodeId: 'a@10.0.0.1:1' }],
  NodeNotConnectedError: [new noex.NodeNotConnectedError('a@10.0.0.1:1'), { nodeId: 'a@10.0.0.1:1' }],
  NodeNotFoundError: [new noex.NodeNotFoundError('a@10.0.0.1:1'), { nodeId: 'a@10.0.0.1:1' }],
  NodeTimeoutError: [new noex.NodeTimeoutError('a@10.0.0.1:1', 400), { nodeId: 'a@10.0.0.1:1', timeoutMs: 400 }],
  EngineUnreachableError: [new noex.EngineUnreachableError('nats', 'nats://a:4222', 'no answer'), { engine: 'nats' }],
  NodeUnreachableError: [new noex.NodeUnreachableError('a@10.0.0.1:1', 'ECONNREFUSED'), { nodeId: 'a@10.0.0.1:1' }],
  NotRegisteredError: [new noex.NotRegisteredError('orders'), { registeredName: 'orders' }],
  NotSerializableError: [new noex.NotSerializableError('message.socket', 'a function'), { path: 'message.socket' }],
  ObserverDisabledError: [new noex.ObserverDisabledError(), {}],
  ProtocolError: [new noex.ProtocolError('frame_too_large', 'a frame of 2 MiB'), { reason: 'frame_too_large' }],
  RemoteError: [new noex.RemoteError('a@10.0.0.1:1', 'out of stock', 'SHOP_EMPTY'), {}],
  RuntimeShutdownError: [new noex.RuntimeShutdownError(), {}],
  ServerNotRunningError: [new noex.ServerNotRunningError('p7', named), { processId: 'p7' }],
  ThrownValueError: [new noex.ThrownValueError('a text'), {}],
  UnhandledMessageError: [
    new noex.UnhandledMessageError('p7', 'call', 'size', named),
    { processId: 'p7', kind: 'call', messageType: 'size' },
  ],
  UnknownOptionError: [new noex.UnknownOptionError('prot', 'options', ['port', 'host']), { field: 'prot' }],
};

const exported = Object.entries({ ...noex, ...distribution, ...dashboard }).flatMap(([name, value]) =>
  typeof value === 'function' && value.prototype instanceof noex.NoexError ? [name] : [],
);

test('there is an example of every exported error class', () => {
  expect(Object.keys(EXAMPLES).sort()).toEqual([...new Set(exported)].sort());
});

describe.each(Object.entries(EXAMPLES))('a %s', (name, [error, facts]) => {
  test('has its name, a stable code, and its facts as fields', () => {
    expect(error).toMatchObject({ name, ...facts });
    expect(error.code).toMatch(/^NOEX_[A-Z_]+$/);
    expect(
      `NOEX_${name
        .replace(/Error$/, '')
        .replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_')
        .toUpperCase()}`,
    ).toBe(error.code);
  });

  test('names its facts in the message, and nothing that is no fact', () => {
    for (const fact of Object.values(facts)) expect(error.message).toContain(String(fact));
    expect(error.message).not.toMatch(/(?<!returns )undefined|\[object|NaN/);
    expect(error.message).toBe(error.message.trim());
  });

  test('is in the error reference, with its code', () => {
    expect(readFileSync('docs/errors.md', 'utf8')).toMatch(new RegExp(`\\| \`${name}\` +\\| \`${error.code}\``));
  });
});

test('an error names the registered name of its process, where it has one, and keeps the cause', () => {
  for (const [error] of Object.values(EXAMPLES)) {
    if (!('registeredName' in error) || error.registeredName !== 'orders') continue;
    expect(error.message).toContain("'orders'");
  }
  const withCause = Object.values(EXAMPLES).filter(([error]) => error.cause === cause);
  expect(withCause.length).toBeGreaterThan(8);
});
