import type { Observable } from 'rxjs';
import { expectTypeOf, test } from 'vitest';
import type { ObserverEvent } from '../../src/observer/observer.js';
import { createRuntime } from '../../src/runtime/runtime.js';
import type { MessageTraced, RuntimeEvent, UnstampedEvent } from '../../streams/events.js';
import { poll } from '../../streams/poll.js';
import type { GenServerStats, ObserverSnapshot, ProcessTreeNode, SupervisorStats } from '../../streams/snapshot.js';

const { Observer } = createRuntime();

test('a snapshot is read-only', () => {
  const snapshot = Observer.getSnapshot();
  expectTypeOf(snapshot).toEqualTypeOf<ObserverSnapshot>();
  expectTypeOf(snapshot.servers).toEqualTypeOf<readonly GenServerStats[]>();
  // @ts-expect-error a snapshot is read-only
  snapshot.servers.push();
  // @ts-expect-error a snapshot is read-only
  snapshot.processCount = 5;
});

test('the children of any node of the tree can be read, and only supervisors have some', () => {
  const narrow = (node: ProcessTreeNode): void => {
    if (node.type === 'supervisor') {
      expectTypeOf(node.stats).toEqualTypeOf<SupervisorStats>();
      expectTypeOf(node.children).toEqualTypeOf<readonly ProcessTreeNode[]>();
    } else {
      expectTypeOf(node.stats).toEqualTypeOf<GenServerStats>();
      expectTypeOf(node.children).toEqualTypeOf<readonly ProcessTreeNode[] | undefined>();
    }
    node.children?.forEach(narrow);
  };
  Observer.getProcessTree().forEach(narrow);
});

test('the streams say what they carry', () => {
  expectTypeOf(Observer.events$).toEqualTypeOf<Observable<RuntimeEvent>>();
  expectTypeOf(Observer.snapshot$).toEqualTypeOf<Observable<ObserverSnapshot>>();
  expectTypeOf(Observer.trace$('p1')).toEqualTypeOf<Observable<MessageTraced>>();
  expectTypeOf(poll(() => Promise.resolve(5), 10)).toEqualTypeOf<Observable<number>>();
});

test('events of the observer are distinguished by their type', () => {
  Observer.subscribe((event) => {
    if (event.type === 'server_started') expectTypeOf(event.stats).toEqualTypeOf<GenServerStats>();
    if (event.type === 'supervisor_started') expectTypeOf(event.stats).toEqualTypeOf<SupervisorStats>();
    if (event.type === 'child_restarted') expectTypeOf(event.attempt).toEqualTypeOf<number>();
    // @ts-expect-error an end has no stats
    if (event.type === 'server_stopped') void event.stats;
  });
});

test('a fact is an event without its place and time', () => {
  expectTypeOf<UnstampedEvent['type']>().toEqualTypeOf<RuntimeEvent['type']>();
  expectTypeOf<UnstampedEvent>().not.toHaveProperty('seq');
});

test('a process is stopped for a reason there is', () => {
  void Observer.stopProcess('p1', 'shutdown');
  // @ts-expect-error no such reason
  void Observer.stopProcess('p1', 'because');
});

test('one handler takes the events of subscribe and the updates of startPolling', () => {
  const handler = (event: ObserverEvent): void => {
    if (event.type === 'stats_update') expectTypeOf(event.servers).toEqualTypeOf<readonly GenServerStats[]>();
  };
  Observer.subscribe(handler);
  Observer.startPolling(1000, handler);
});
