import { distinctUntilChanged, Observable, startWith } from 'rxjs';
import type { RuntimeEvent } from './events.js';
import { ModelDraft, type NodeModel } from './evolve.js';

/** A part of the pending events, to be folded now. */
export interface EventBatch {
  /** The number of pending events to fold, oldest first. */
  readonly events: number;
  /** Whether the flush ends with this batch. Only then is the model emitted. */
  readonly isLast: boolean;
}

function isPortion(moment: unknown): moment is EventBatch {
  return typeof moment === 'object' && moment !== null;
}

/**
 * Emits the model of one node, and each newer one. Events are collected until `portions$` emits: an {@link EventBatch}
 * folds that many events, and any other value folds all of them and emits the model. Cold: each subscriber folds the
 * events again, so share it.
 */
export function localModel(
  events$: Observable<RuntimeEvent>,
  portions$: Observable<EventBatch> | Observable<void>,
  initial: NodeModel,
): Observable<NodeModel> {
  const model$ = new Observable<NodeModel>((subscriber) => {
    const waiting: RuntimeEvent[] = [];
    let draft = new ModelDraft(initial);
    const fold = (events: number): void => {
      for (const event of waiting.splice(0, events)) draft.apply(event);
    };
    const show = (): void => {
      const model = draft.done();
      draft = new ModelDraft(model);
      subscriber.next(model);
    };
    const error = (thrown: unknown): void => subscriber.error(thrown);
    const events = events$.subscribe({
      next: (event) => void waiting.push(event),
      error,
      complete() {
        fold(waiting.length);
        show();
        subscriber.complete();
      },
    });
    subscriber.add(events);
    const moments$: Observable<unknown> = portions$;
    const portions = moments$.subscribe({
      next(moment) {
        const portion: EventBatch = isPortion(moment) ? moment : { events: waiting.length, isLast: true };
        fold(portion.events);
        if (portion.isLast) show();
      },
      error,
    });
    subscriber.add(portions);
  });
  return model$.pipe(startWith(initial), distinctUntilChanged());
}
