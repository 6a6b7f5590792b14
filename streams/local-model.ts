import { distinctUntilChanged, Observable, startWith } from 'rxjs';
import type { RuntimeEvent } from './events.js';
import { ModelDraft, type NodeModel } from './node-model.js';

/** How many of the pending events to fold into the model now. */
export interface EventBatch {
  /** The number of pending events to fold, oldest first. */
  readonly events: number;
  /** Whether the flush ends with this batch. The model is emitted only after the last batch of a flush. */
  readonly isLast: boolean;
}

function isEventBatch(trigger: unknown): trigger is EventBatch {
  return typeof trigger === 'object' && trigger !== null;
}

/**
 * Emits `initial` and then each newer model. Events wait until `batches$` emits. An {@link EventBatch} folds its number
 * of events, and the last batch of a flush also emits the model. The value `undefined` folds all events and emits the
 * model. A model that has not changed is not emitted again. When `events$` completes, the remaining events are folded,
 * and the last model is emitted. Cold: each subscriber folds the events again, so share the returned observable.
 */
export function localModel(
  events$: Observable<RuntimeEvent>,
  batches$: Observable<EventBatch> | Observable<void>,
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
    const triggers$: Observable<unknown> = batches$;
    const folding = triggers$.subscribe({
      next(trigger) {
        const batch: EventBatch = isEventBatch(trigger) ? trigger : { events: waiting.length, isLast: true };
        fold(batch.events);
        if (batch.isLast) show();
      },
      error,
    });
    subscriber.add(folding);
  });
  return model$.pipe(startWith(initial), distinctUntilChanged());
}
