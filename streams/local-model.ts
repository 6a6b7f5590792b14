import { distinctUntilChanged, Observable, startWith } from 'rxjs';
import type { RuntimeEvent } from './events.js';
import { ModelDraft, type NodeModel } from './evolve.js';

/** How much of what has happened is to be folded now. */
export interface EventBatch {
  /** How many of the events that are not folded yet, oldest first. */
  readonly events: number;
  /** Whether they make a whole with those before, so that the model is shown. */
  readonly isLast: boolean;
}

function isPortion(moment: unknown): moment is EventBatch {
  return typeof moment === 'object' && moment !== null;
}

/**
 * The model of one node, and each newer one. `portions$` says when events are folded: nothing that those so far are a whole,
 * a {@link EventBatch} that some of them are to be folded. Cold: each subscriber folds for itself, so share it.
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
