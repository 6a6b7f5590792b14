// "Who may import whom" (docs/architecture.md) as rules: a room may import itself, what its row names, and nothing else.

const room = (...names) => `^src/(${names.join('|')})(/|[.]ts$)`;
const npm = (...names) => `(^|/)node_modules/(${names.join('|')})/`;

const STREAMS = '^streams/';
// The files of streams that may know rxjs; all others are plain functions and types.
const RX = ['from-feed', 'rx-scheduler', 'local-model', 'poll', 'merge-nodes', 'message-rates', 'top-n', 'index'].join(
  '|',
);
const RX_STREAMS = `^streams/(${RX})[.]ts$`;
const PURE_STREAMS = `^streams/(?!(${RX})[.]ts$)`;
const LEAVES = room('errors', 'clock', 'async-context', 'validate', 'version');
const ENTRIES = room('index', 'distribution');
const NATS_ENTRY = room('nats');
const NATS = '^src/cluster/nats/';
const NATS_CLIENT = '(^|/)node_modules/@nats-io/';
const READERS = room('dashboard', 'cli');
const JOINED = room(
  'errors',
  'clock',
  'async-context',
  'validate',
  'bus',
  'process',
  'registry',
  'supervisor',
  'cluster',
  'remote',
  'distributed-supervisor',
);
const MESH = '^src/cluster/mesh/';
const TRANSPORT = '^src/cluster/transport/';
const PARTS = npm('mitt', 'rxjs', 'superjson', 'ws');

const table = [
  { name: 'streams', from: RX_STREAMS, may: [STREAMS, npm('rxjs')] },
  { name: 'streams-pure', from: PURE_STREAMS, may: [], types: [STREAMS] },
  { name: 'errors', from: room('errors'), may: [], nodeModules: true },
  { name: 'clock', from: room('clock'), may: [] },
  { name: 'async-context', from: room('async-context'), may: [], nodeModules: true },
  { name: 'validate', from: room('validate'), may: [room('errors', 'clock')] },
  { name: 'version', from: room('version'), may: [] },
  { name: 'bus', from: room('bus'), may: [LEAVES, npm('mitt')], types: [STREAMS] },
  { name: 'process', from: room('process'), may: [LEAVES, npm('mitt'), room('bus')], types: [STREAMS] },
  { name: 'registry', from: room('registry'), may: [LEAVES, npm('mitt'), room('bus', 'process')], types: [STREAMS] },
  {
    name: 'supervisor',
    from: room('supervisor'),
    may: [LEAVES, npm('mitt'), room('bus', 'process', 'registry')],
    types: [STREAMS],
  },
  {
    name: 'cluster',
    from: room('cluster'),
    may: [LEAVES, npm('ws', 'superjson'), NATS_CLIENT, PURE_STREAMS],
    types: [STREAMS],
    nodeModules: true,
  },
  // Ports and bodies come from runtime as values.
  { name: 'remote', from: room('remote'), may: [LEAVES, npm('rxjs')], types: [room('cluster', 'process'), STREAMS] },
  {
    name: 'distributed-supervisor',
    from: room('distributed-supervisor'),
    may: [LEAVES, room('process', 'supervisor', 'remote'), PURE_STREAMS],
    types: [room('cluster')],
  },
  // Runtime joins the parts, the observers among them: createRuntime() hands out their facades.
  { name: 'runtime', from: room('runtime'), may: [JOINED, room('observer'), STREAMS, PARTS], nodeModules: true },
  // The ports come from runtime as values; of the rooms behind them the observers know the types.
  { name: 'observer', from: room('observer'), may: [LEAVES, STREAMS, npm('rxjs')], types: [JOINED] },
  {
    name: 'readers',
    from: READERS,
    may: [ENTRIES, room('version'), '^streams/index[.]ts$', '(^|/)node_modules/'],
    nodeModules: true,
  },
  { name: 'nats-entry', from: NATS_ENTRY, may: [LEAVES, '^src/cluster/nats/'], types: [room('cluster')] },
  { name: 'default-runtime', from: room('default-runtime'), may: [room('runtime')] },
  {
    name: 'entries',
    from: ENTRIES,
    may: [JOINED, room('default-runtime', 'runtime', 'observer'), STREAMS, PARTS],
    nodeModules: true,
  },
];

const rulesOf = ({ name, from, may, types = [], nodeModules = false }) => [
  {
    name,
    severity: 'error',
    from: { path: from },
    to: { pathNot: [from, ...may, ...types], ...(nodeModules && { dependencyTypesNot: ['core'] }) },
  },
  ...(types.length === 0
    ? []
    : [
        {
          name: `${name}-types-only`,
          severity: 'error',
          from: { path: from },
          to: { path: types, pathNot: [from, ...may], dependencyTypesNot: ['type-only'] },
        },
      ]),
];

export default {
  forbidden: [
    ...table.flatMap(rulesOf),
    {
      name: 'no-row',
      comment: 'every folder or file of src belongs to a row of the table',
      severity: 'error',
      from: {},
      to: { path: '^src/', pathNot: table.map(({ from }) => from) },
    },
    {
      name: 'entry-from-inside',
      comment: 'a published entry is for those outside',
      severity: 'error',
      from: { path: '^(src|streams)/', pathNot: READERS },
      to: { path: ENTRIES },
    },
    {
      name: 'engine-seam',
      comment: 'what every engine needs knows no engine: createCluster is given one',
      severity: 'error',
      from: { path: '^src/cluster/[^/]+[.]ts$' },
      to: { path: [MESH, NATS] },
    },
    {
      name: 'nats-from-outside',
      comment: 'only the entry noex/nats knows that engine, so that programs without it do not load it',
      severity: 'error',
      from: { pathNot: [NATS, NATS_ENTRY] },
      to: { path: NATS },
    },
    {
      name: 'nats-client',
      comment: 'the client is an optional package: one file names its types, and loads it when it is needed',
      severity: 'error',
      from: { pathNot: '^src/cluster/nats/nats-broker[.]ts$' },
      to: { path: NATS_CLIENT },
    },
    {
      name: 'mesh-from-outside',
      comment: 'of the mesh, others know its entry, and why a link ended',
      severity: 'error',
      from: { pathNot: MESH },
      to: { path: MESH, pathNot: '^src/cluster/mesh/(start-mesh|link-end-reason)[.]ts$' },
    },
    {
      name: 'transport-types-only',
      comment: 'only the mesh uses a transport; the others pass its settings on',
      severity: 'error',
      from: { path: '^src/cluster/[^/]+[.]ts$' },
      to: { path: TRANSPORT, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'transport',
      comment: 'a transport carries texts, and does not know what they say',
      severity: 'error',
      from: { path: TRANSPORT },
      to: { path: '^src/cluster/(?!transport/|(address-prefix|frames|tls-config|token-bucket)[.]ts$)' },
    },
    { name: 'no-cycles', comment: 'types included', severity: 'error', from: {}, to: { circular: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: '(^|/)node_modules/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.mts', '.d.ts', '.js', '.mjs', '.json'],
    },
  },
};
