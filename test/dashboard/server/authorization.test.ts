import type { IncomingMessage } from 'node:http';
import { Subject } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../../src/clock.js';
import type { Refusal } from '../../../src/dashboard/server/access-control.js';
import { AUTHORIZE_MS, type Authorize, checkAuthorized } from '../../../src/dashboard/server/authorization.js';
import { DashboardAuthorizationError } from '../../../src/index.js';
import { schedulerOf } from '../../../streams/index.js';

const request = { headers: { cookie: 'session=1' } } as IncomingMessage;

/** Asks `authorize`, which may answer what its type forbids. */
function asked(authorize: (request: IncomingMessage) => unknown) {
  const clock = new SimulatedClock();
  const closed$ = new Subject<void>();
  const errors: Error[] = [];
  const options = {
    authorize: authorize as Authorize,
    onError: (error: Error) => void errors.push(error),
    scheduler: schedulerOf(clock),
    closed$,
  };
  const refusal: Promise<Refusal | undefined> = checkAuthorized(request, options);
  return { refusal, errors, clock, closed$ };
}

describe('authorize', () => {
  test('is given the request', async () => {
    const seen: IncomingMessage[] = [];
    await asked((given) => seen.push(given) > 0).refusal;
    expect(seen).toEqual([request]);
  });

  test.each<[unknown]>([
    [true],
    [['view']],
    [['trace', 'view', 'record']],
    [Promise.resolve(true)],
    [Promise.resolve(['view', 'inspect', 'profile'])],
  ])('lets in those it answers with %j', async (answer) => {
    const { refusal, errors } = asked(() => answer);
    expect(await refusal).toBeUndefined();
    expect(errors).toEqual([]);
  });

  test.each<[unknown]>([[false], [[]], [['trace', 'record']], [Promise.resolve(false)]])(
    'keeps out those who may not view: %j',
    async (answer) => {
      const { refusal, errors } = asked(() => answer);
      expect((await refusal)?.status).toBe(403);
      expect(errors).toEqual([]);
    },
  );

  test.each<[unknown]>([
    [undefined],
    [null],
    [1],
    ['view'],
    [{}],
    [['view', 'everything']],
    [[true]],
    [{ view: true }],
  ])('is wrong when it answers %j: the request is refused', async (answer) => {
    const { refusal, errors } = asked(() => answer);
    expect((await refusal)?.status).toBe(500);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toBeInstanceOf(DashboardAuthorizationError);
    expect(errors[0]?.message).toMatch(/authorize must return true, false, or an array of view, trace, /);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('no session store');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no session store'))],
  ] as const)('refuses the request when it %s, and the error is reported with its cause', async (_how, authorize) => {
    const { refusal, errors } = asked(authorize);
    expect((await refusal)?.status).toBe(500);
    expect((await refusal)?.reason).not.toContain('session store');
    expect(errors).toMatchObject([
      {
        code: 'NOEX_DASHBOARD_AUTHORIZATION',
        message: 'the dashboard refused a request: authorize threw: no session store',
      },
    ]);
    expect(errors[0]?.cause).toMatchObject({ message: 'no session store' });
  });

  test('refuses the request when it takes too long, whatever it answers then', async () => {
    let answer: (allowed: boolean) => void = () => undefined;
    const late = new Promise<boolean>((resolve) => {
      answer = resolve;
    });
    const { refusal, errors, clock } = asked(() => late);
    clock.advance(AUTHORIZE_MS);
    answer(true);
    expect((await refusal)?.status).toBe(503);
    expect(errors.map(({ message }) => message)).toEqual([
      'the dashboard refused a request: authorize did not answer within 5000 ms',
    ]);
  });

  test('has until then', async () => {
    let answer: (allowed: boolean) => void = () => undefined;
    const slow = new Promise<boolean>((resolve) => {
      answer = resolve;
    });
    const { refusal, errors, clock } = asked(() => slow);
    clock.advance(AUTHORIZE_MS - 1);
    answer(true);
    expect(await refusal).toBeUndefined();
    expect(errors).toEqual([]);
  });

  test('is waited for no longer when the dashboard closes', async () => {
    const { refusal, errors, closed$ } = asked(() => new Promise(() => undefined));
    closed$.next();
    expect((await refusal)?.reason).toBe('This dashboard was closed.');
    expect(errors).toEqual([]);
  });
});
