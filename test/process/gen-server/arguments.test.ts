import { describe, expect, test } from 'vitest';
import { counter } from '../../helpers/servers.js';
import { createTestRuntime } from '../../helpers/test-runtime.js';

/** What a caller without a compiler might pass. */
const untyped = (json: string) => JSON.parse(json);

const invalid = (field: string) =>
  expect.objectContaining({ name: 'InvalidArgumentError', code: 'NOEX_INVALID_ARGUMENT', field });

describe('an argument that is not what it should be is named:', () => {
  test.each([
    ['behavior', null],
    ['behavior', untyped('"x"')],
    ['behavior.init', untyped('{}')],
    ['behavior.handleCall', { init: () => 0, ...untyped('{ "handleCall": "get" }') }],
    ['behavior.handleCall.size', { init: () => 0, ...untyped('{ "handleCall": { "size": 5 } }') }],
    ['behavior.handleCast', { init: () => 0, ...untyped('{ "handleCast": 5 }') }],
    ['behavior.handleContinue', { ...counter, ...untyped('{ "handleContinue": 5 }') }],
    ['behavior.handleInfo', { ...counter, ...untyped('{ "handleInfo": 5 }') }],
    ['behavior.terminate', { ...counter, ...untyped('{ "terminate": "yes" }') }],
  ])('%s', async (field, behavior) => {
    await expect(createTestRuntime().GenServer.start(behavior)).rejects.toEqual(invalid(field));
  });

  test.each([
    ['name', { name: '' }],
    ['name', untyped('{ "name": 5 }')],
    ['initTimeout', { initTimeout: -1 }],
    ['initTimeout', { initTimeout: Number.NaN }],
    ['initTimeout', { initTimeout: 2 ** 31 }],
    ['initTimeout', untyped('{ "initTimeout": "5" }')],
    ['mailboxLimit', { mailboxLimit: 0 }],
    ['mailboxLimit', { mailboxLimit: 1.5 }],
    ['mailboxLimit', untyped('{ "mailboxLimit": "5" }')],
  ])('option %s', async (field, options) => {
    const { GenServer, Observer } = createTestRuntime();
    await expect(GenServer.start(counter, options)).rejects.toEqual(invalid(field));
    expect(Observer.getProcessCount()).toBe(0);
  });

  test.each([[-1], [Number.NaN], [2 ** 31], [untyped('"5"')]])('timeout of a call: %s', async (timeout) => {
    const { GenServer } = createTestRuntime();
    const ref = await GenServer.start(counter);
    await expect(GenServer.call(ref, 'get', { timeout })).rejects.toEqual(invalid('timeout'));
  });

  test.each([[-1], [Number.NaN], [Number.POSITIVE_INFINITY], [untyped('null')]])('ms of sendAfter: %s', async (ms) => {
    const { GenServer } = createTestRuntime();
    const ref = await GenServer.start(counter);
    expect(() => GenServer.sendAfter(ref, 'inc', ms)).toThrow(invalid('ms'));
  });

  test.each([[undefined], [null], ['p1'], [{}], [{ id: 5 }]])('ref: %s', async (given) => {
    const { GenServer, Registry, Supervisor } = createTestRuntime();
    const ref = JSON.parse(JSON.stringify({ given })).given;
    expect(() => GenServer.cast(ref, 'x')).toThrow(invalid('ref'));
    expect(() => GenServer.info(ref, 'x')).toThrow(invalid('ref'));
    expect(() => GenServer.sendAfter(ref, 'x', 1)).toThrow(invalid('ref'));
    expect(() => GenServer.isRunning(ref)).toThrow(invalid('ref'));
    await expect(GenServer.call(ref, 'x')).rejects.toEqual(invalid('ref'));
    await expect(GenServer.stop(ref)).rejects.toEqual(invalid('ref'));
    expect(() => Registry.register('n', ref)).toThrow(invalid('ref'));
    expect(() => Supervisor.getChildren(ref)).toThrow(invalid('ref'));
    await expect(Supervisor.stop(ref)).rejects.toEqual(invalid('ref'));
  });

  test.each([['because'], [null], [{}], [{ error: 'a text' }]])('reason of a stop: %o', async (given) => {
    const { GenServer, Supervisor, Observer } = createTestRuntime();
    const ref = await GenServer.start(counter);
    const reason = JSON.parse(JSON.stringify(given));
    await expect(GenServer.stop(ref, reason)).rejects.toEqual(invalid('reason'));
    await expect(Supervisor.stop({ id: ref.id, life: ref.life }, reason)).rejects.toEqual(invalid('reason'));
    expect(await Observer.stopProcess(ref.id, reason)).toMatchObject({
      success: false,
      error: expect.stringContaining('reason must be'),
    });
    expect(GenServer.isRunning(ref)).toBe(true);
  });

  test('handler', async () => {
    const { GenServer, Supervisor, Observer } = createTestRuntime();
    const handler = untyped('"none"');
    expect(() => GenServer.onLifecycleEvent(handler)).toThrow(invalid('handler'));
    expect(() => Supervisor.onLifecycleEvent(handler)).toThrow(invalid('handler'));
    expect(() => Observer.subscribe(handler)).toThrow(invalid('handler'));
    expect(() => Observer.startPolling(100, handler)).toThrow(invalid('handler'));
  });

  test('a supervisor where a server is wanted', async () => {
    const { GenServer, Supervisor } = createTestRuntime();
    const { id, life } = await Supervisor.start();
    const sup = { id, life };
    expect(() => GenServer.cast(sup, 'x')).toThrow(invalid('ref'));
    expect(() => GenServer.info(sup, 'x')).toThrow(invalid('ref'));
    expect(() => GenServer.sendAfter(sup, 'x', 1)).toThrow(invalid('ref'));
    await expect(GenServer.call(sup, 'x')).rejects.toEqual(invalid('ref'));
  });

  test('a server where a supervisor is wanted', async () => {
    const { GenServer, Supervisor } = createTestRuntime();
    const { id, life } = await GenServer.start(counter);
    const ref = { id, life };
    expect(() => Supervisor.getChildren(ref)).toThrow(invalid('ref'));
    await expect(Supervisor.terminateChild(ref, 'a')).rejects.toEqual(invalid('ref'));
  });
});
