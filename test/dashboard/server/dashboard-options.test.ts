import { NEVER } from 'rxjs';
import { describe, expect, test } from 'vitest';
import {
  checkHandlerOptions,
  checkServerOptions,
  type DashboardHandlerOptions,
} from '../../../src/dashboard/server/dashboard-options.js';
import { startDashboard } from '../../../src/dashboard.js';
import { ClusterObserver, InvalidArgumentError } from '../../../src/index.js';

const bad: readonly (readonly [field: string, options: object])[] = [
  ['port', { port: -1 }],
  ['port', { port: 65_536 }],
  ['port', { port: 4000.5 }],
  ['port', { port: '4000' }],
  ['host', { host: '' }],
  ['host', { host: 7 }],
  ['token', { token: true }],
  ['token', { token: '' }],
  ['token', { token: 'short' }],
  ['token', { token: 'with spaces in it, which no header can bear' }],
  ['hosts', { hosts: 'dash.example' }],
  ['hosts', { hosts: ['dash.example:'] }],
  ['hosts', { hosts: ['dash.example:65536'] }],
  ['hosts', { hosts: ['dash.example/ops'] }],
  ['hosts', { hosts: ['2001:db8::1'] }],
  ['hosts', { hosts: ['http://dash.example'] }],
  ['authorize', { authorize: true }],
  ['assets', { assets: '' }],
  ['assets', { assets: 7 }],
  ['onError', { onError: 'stderr' }],
  ['source', { source: {} }],
  ['source', { source: { snapshot$: NEVER, log$: NEVER } }],
  ['prot', { prot: 4000 }],
  ['path', { path: '/ops' }],
];

describe('startDashboard', () => {
  test.each(bad)('says that %s is wrong in %j', async (field, options) => {
    const started = startDashboard(options);
    await expect(started).rejects.toBeInstanceOf(InvalidArgumentError);
    await expect(started).rejects.toMatchObject({ field });
  });

  test.each<unknown>([null, 'http://127.0.0.1:4000'])('takes an object, and not %j', async (options) => {
    await expect(startDashboard(options as object)).rejects.toMatchObject({ field: 'options' });
  });

  test('does not repeat a token that is wrong', async () => {
    await expect(startDashboard({ token: 'hunter2' })).rejects.toThrow(/^(?!.*hunter2)/);
  });

  test('shows this node its cluster on a port that only this machine reaches', () => {
    const { port, host, token, source } = checkServerOptions({});
    expect([port, host, token, source]).toEqual([4000, '127.0.0.1', undefined, ClusterObserver]);
  });

  test('may be open to all, having no hooks that could be taken for its login', () => {
    expect(checkServerOptions({ token: false }).token).toBe(false);
  });

  test('takes an address in brackets as well', () => {
    expect(checkServerOptions({ host: '[::1]' }).host).toBe('::1');
  });
});

describe('dashboardHandler', () => {
  const wrong: readonly DashboardHandlerOptions[] = [
    { path: 'ops' },
    { path: '/ops?x' },
    { path: '//ops' },
    { path: '/a;b' },
  ];
  test.each(wrong)('takes no path like %j', (options) => {
    expect(() => checkHandlerOptions(options)).toThrow(InvalidArgumentError);
  });

  test('takes token: false only together with authorize, since no hook of a server sees WebSockets', () => {
    expect(() => checkHandlerOptions({ token: false })).toThrow(
      /^token must be a token, or false together with authorize: /,
    );
    expect(checkHandlerOptions({ token: false, authorize: () => true }).token).toBe(false);
  });

  test('takes the names of hosts with and without a port, in whatever case', () => {
    const hosts = ['Dash.example', 'dash.example:8443', '203.0.113.5', '[2001:DB8::1]:80', 'shop_web'];
    expect(checkHandlerOptions({ hosts }).hosts).toEqual(hosts.map((host) => host.toLowerCase()));
  });

  test.each([
    [undefined, undefined],
    ['/', ''],
    ['/ops', '/ops'],
    ['/ops/', '/ops'],
    ['/a/b-c', '/a/b-c'],
  ])('of the path %j it keeps %j', (given, kept) => {
    expect(checkHandlerOptions(given === undefined ? {} : { path: given }).path).toBe(kept);
  });
});
