import { beforeEach, describe, expect, test } from 'vitest';
import { Bus } from '../../src/bus/event-bus.js';
import { deepFreeze } from '../../streams/deep-freeze.js';
import type { RuntimeEvent, UnstampedEvent } from '../../streams/events.js';

const stopping = (id: string): UnstampedEvent => ({ type: 'process_stopping', id });
const idOf = (event: RuntimeEvent): string => ('id' in event ? event.id : '');

describe('the bus', () => {
  let time = 0;
  const clock = { now: () => time, monotonic: () => time / 100 };
  let errors: unknown[] = [];
  let bus = new Bus({ deliver: (drain) => drain(), clock, freeze: deepFreeze, onError: (error) => errors.push(error) });

  beforeEach(() => {
    time = 100;
    errors = [];
    bus = new Bus({ deliver: (drain) => drain(), clock, freeze: deepFreeze, onError: (error) => errors.push(error) });
  });

  test('gives each event its place without gaps, and its time by both clocks', () => {
    const events: RuntimeEvent[] = [];
    bus.subscribe((event) => events.push(event));
    bus.emit(stopping('a'));
    time = 200;
    bus.emit(stopping('b'));
    expect(events).toEqual([
      { type: 'process_stopping', id: 'a', seq: 1, at: 100, monotonic: 1 },
      { type: 'process_stopping', id: 'b', seq: 2, at: 200, monotonic: 2 },
    ]);
  });

  test('makes no event without a listener', () => {
    expect(bus.observed).toBe(false);
    bus.emit(stopping('unheard'));
    const events: RuntimeEvent[] = [];
    const unsubscribe = bus.subscribe((event) => events.push(event));
    expect(bus.observed).toBe(true);
    bus.emit(stopping('heard'));
    expect(events.map(({ seq }) => seq)).toEqual([1]);
    unsubscribe();
    expect(bus.observed).toBe(false);
  });

  test('makes events of the types that a listener wants, and no others', () => {
    const crash: UnstampedEvent = {
      type: 'process_exited',
      id: 'a',
      kind: 'genserver',
      reason: 'normal',
      unhandled: 0,
    };
    const heard: RuntimeEvent[] = [];
    const unsubscribe = bus.subscribeTo(['process_exited'], (event) => heard.push(event));
    expect(bus.observed).toBe(false);
    bus.emit(stopping('a'));
    expect(bus.count).toBe(0);
    bus.emit({ ...crash });
    expect(heard).toMatchObject([{ ...crash, seq: 1, at: 100 }]);
    unsubscribe();
    unsubscribe();
    bus.emit({ ...crash });
    expect([heard.length, bus.count]).toEqual([1, 1]);
  });

  test('costs nothing for an event that its only listener does not want', () => {
    const heard: string[] = [];
    const unsubscribe = bus.subscribeTo(
      ['process_stopping'],
      (event) => heard.push(event.id),
      (fact) => fact.type === 'process_stopping' && fact.id === 'wanted',
    );
    bus.emit(stopping('other'));
    bus.emit(stopping('wanted'));
    expect([heard, bus.count]).toEqual([['wanted'], 1]);
    unsubscribe();
    bus.emit(stopping('wanted'));
    expect(bus.count).toBe(1);
  });

  test('keeps the order for a listener of some types, beside one of all', () => {
    const heard: string[] = [];
    bus.subscribe((event) => {
      if (idOf(event) === 'outer') bus.emit(stopping('nested'));
    });
    bus.subscribeTo(['process_stopping', 'process_spawned'], (event) => heard.push(event.id));
    bus.subscribeTo(['process_stopping'], () => {
      throw new Error('no');
    });
    bus.emit(stopping('outer'));
    expect(heard).toEqual(['outer', 'nested']);
    expect(errors).toHaveLength(2);
  });

  test('shows every listener every event in the order of emission, also those that a listener emits', () => {
    const first: string[] = [];
    const second: string[] = [];
    bus.subscribe((event) => {
      first.push(idOf(event));
      if (idOf(event) === 'outer') {
        bus.emit(stopping('nested 1'));
        bus.emit(stopping('nested 2'));
      }
      if (idOf(event) === 'nested 1') bus.emit(stopping('deep'));
    });
    bus.subscribe((event) => second.push(idOf(event)));
    bus.emit(stopping('outer'));
    const inOrder = ['outer', 'nested 1', 'nested 2', 'deep'];
    expect(first).toEqual(inOrder);
    expect(second).toEqual(inOrder);
  });

  test('isolates and reports a listener that throws', () => {
    const heard: string[] = [];
    const oops = new Error('oops');
    bus.subscribe(() => {
      throw oops;
    });
    bus.subscribe((event) => heard.push(idOf(event)));
    bus.emit(stopping('a'));
    bus.emit(stopping('b'));
    expect(heard).toEqual(['a', 'b']);
    expect(errors).toEqual([oops, oops]);
  });

  test('records an event at the moment of emission, while earlier ones are still on their way', () => {
    const recorded: string[] = [];
    const seenByListener: string[][] = [];
    bus.record((event) => recorded.push(idOf(event)));
    bus.subscribe((event) => {
      if (idOf(event) === 'outer') bus.emit(stopping('nested'));
      seenByListener.push([idOf(event), ...recorded]);
    });
    bus.emit(stopping('outer'));
    expect(seenByListener).toEqual([
      ['outer', 'outer', 'nested'],
      ['nested', 'outer', 'nested'],
    ]);
  });

  test('is observed by a recorder alone, and no longer when that has left', () => {
    const recorded: number[] = [];
    const stop = bus.record(({ seq }) => recorded.push(seq));
    bus.emit(stopping('a'));
    stop();
    bus.emit(stopping('b'));
    expect(recorded).toEqual([1]);
    expect(bus.observed).toBe(false);
  });

  test('delivers nothing more to a listener that has left, not even the event under way', () => {
    const heard: string[] = [];
    bus.subscribe(() => leave());
    const leave = bus.subscribe((event) => heard.push(idOf(event)));
    bus.emit(stopping('a'));
    expect(heard).toEqual([]);
  });

  test('counts a listener that leaves twice once', () => {
    const heard: string[] = [];
    const leave = bus.subscribe(() => {});
    bus.subscribe((event) => heard.push(idOf(event)));
    leave();
    leave();
    bus.emit(stopping('a'));
    expect(heard).toEqual(['a']);
  });

  test('lets the same function listen twice, and each subscription end by itself', () => {
    const heard: string[] = [];
    const listener = (event: RuntimeEvent): void => {
      heard.push(idOf(event));
    };
    const leave = bus.subscribe(listener);
    bus.subscribe(listener);
    bus.emit(stopping('a'));
    leave();
    bus.emit(stopping('b'));
    expect(heard).toEqual(['a', 'a', 'b']);
  });

  test('starts a new listener with the next event', () => {
    const heard: string[] = [];
    let joined = false;
    bus.subscribe(() => {
      if (joined) return;
      joined = true;
      bus.subscribe((event) => heard.push(idOf(event)));
    });
    bus.emit(stopping('a'));
    bus.emit(stopping('b'));
    expect(heard).toEqual(['b']);
  });
});
