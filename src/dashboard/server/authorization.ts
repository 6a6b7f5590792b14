import type { IncomingMessage } from 'node:http';
import {
  catchError,
  defer,
  firstValueFrom,
  map,
  type Observable,
  of,
  type SchedulerLike,
  TimeoutError,
  takeUntil,
  timeout,
} from 'rxjs';
import { DashboardAuthorizationError } from '../../index.js';
import type { Refusal } from './access-control.js';
import { CLOSED } from './http-responses.js';

const PERMISSIONS = ['view', 'trace', 'inspect', 'profile', 'record'] as const;

/**
 * A permission of a caller. `view` allows the caller to load the dashboard and to receive its data. The other
 * permissions have no effect yet.
 */
export type Permission = (typeof PERMISSIONS)[number];

/**
 * Decides who may use a dashboard. Returns the permissions of the caller; `true` means `['view']`, and `false` means
 * none. The dashboard calls this function for each request: for the page, its files, its data, and the WebSocket.
 * Middleware of the server does not see the WebSocket request.
 */
export type Authorize = (
  request: IncomingMessage,
) => boolean | readonly Permission[] | Promise<boolean | readonly Permission[]>;

/**
 * The time limit of `authorize`, ms. While `authorize` is pending, a client that may have no permission holds a
 * connection.
 */
export const AUTHORIZE_MS = 5000;

const NOT_ALLOWED: Refusal = {
  status: 403,
  reason: 'You may not see this dashboard. If this server has a login, sign in there, and load this page again.',
};
const FAILED: Refusal = {
  status: 500,
  reason: 'The check of your access failed. The log of this server has the error.',
};
const TOO_SLOW: Refusal = { status: 503, reason: 'The check of your access took too long. Try again later.' };

export interface AuthorizationOptions {
  readonly authorize: Authorize;
  readonly onError: (error: Error) => void;
  readonly scheduler: SchedulerLike;
  /** Emits when the dashboard closes. */
  readonly closed$: Observable<void>;
}

/**
 * Calls `authorize`. Resolves to `undefined` for a caller with the permission `view`, otherwise to a refusal. If
 * `authorize` fails or takes too long, reports the error. Never rejects.
 */
export function checkAuthorized(
  request: IncomingMessage,
  { authorize, onError, scheduler, closed$ }: AuthorizationOptions,
): Promise<Refusal | undefined> {
  const refusal$ = defer(async () => authorize(request)).pipe(
    timeout({ first: AUTHORIZE_MS, scheduler }),
    map((answer) => (isAllowedToView(answer) ? undefined : NOT_ALLOWED)),
    catchError((thrown) => {
      onError(errorOf(thrown));
      return of(thrown instanceof TimeoutError ? TOO_SLOW : FAILED);
    }),
    takeUntil(closed$),
  );
  return firstValueFrom(refusal$, { defaultValue: CLOSED });
}

/**
 * Whether the result of `authorize` contains the permission `view`.
 *
 * @throws DashboardAuthorizationError for an invalid result
 */
function isAllowedToView(answer: unknown): boolean {
  if (typeof answer === 'boolean') return answer;
  const isList = Array.isArray(answer) && answer.every((each) => PERMISSIONS.includes(each));
  if (!isList)
    throw new DashboardAuthorizationError(`must return true, false, or an array of ${PERMISSIONS.join(', ')}`);
  return answer.includes('view');
}

function errorOf(thrown: unknown): DashboardAuthorizationError {
  if (thrown instanceof DashboardAuthorizationError) return thrown;
  if (thrown instanceof TimeoutError)
    return new DashboardAuthorizationError(`did not answer within ${AUTHORIZE_MS} ms`);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new DashboardAuthorizationError(`threw: ${message}`, { cause: thrown });
}
