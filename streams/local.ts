import { buffer, distinctUntilChanged, type Observable, scan, startWith } from 'rxjs';
import type { RuntimeEvent } from './events.js';
import { evolveAll, type NodeModel } from './evolve.js';

/**
 * The model of one node, and each newer one. `turns$` says when the events so far are a whole: they are folded then, in
 * one batch. Cold: each subscriber folds for itself, so share it.
 */
export function localModel$(
  events$: Observable<RuntimeEvent>,
  turns$: Observable<void>,
  initial: NodeModel,
): Observable<NodeModel> {
  return events$.pipe(buffer(turns$), scan(evolveAll, initial), startWith(initial), distinctUntilChanged());
}
