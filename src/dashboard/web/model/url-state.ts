import { COLUMNS, type Filter, type Sorting } from '../../view-model/process-table.js';

export const VIEWS = ['processes', 'tree', 'log', 'charts', 'names'] as const;

export type ViewName = (typeof VIEWS)[number];

/** The view and its settings. They are encoded in the fragment of the URL of the page. */
export interface Address {
  readonly view: ViewName;
  readonly sorting: Sorting;
  /** The filter text of the process table, of the tree, and of the names. */
  readonly text: string;
  readonly kind: Filter['kind'];
  /** The node that all views are limited to. `undefined`: all nodes. */
  readonly nodeId: string | undefined;
  readonly logText: string;
  readonly problemsOnly: boolean;
  /** The key of the process whose details are open. `undefined`: none are open. */
  readonly process: string | undefined;
}

export const DEFAULT_ADDRESS: Address = {
  view: 'processes',
  sorting: { column: 'rate', direction: 'descending' },
  text: '',
  kind: undefined,
  nodeId: undefined,
  logText: '',
  problemsOnly: false,
  process: undefined,
};

/** Returns an address as the fragment of a URL: `#tree?q=worker`. Omits settings that have their default value. */
export function toHash(address: Address): string {
  const { column, direction } = address.sorting;
  const isSorted = column !== DEFAULT_ADDRESS.sorting.column || direction !== DEFAULT_ADDRESS.sorting.direction;
  const parts = new URLSearchParams({
    ...(isSorted && { sort: `${direction === 'descending' ? '-' : ''}${column}` }),
    ...(address.text !== '' && { q: address.text }),
    ...(address.kind !== undefined && { kind: address.kind }),
    ...(address.nodeId !== undefined && { node: address.nodeId }),
    ...(address.logText !== '' && { log: address.logText }),
    ...(address.problemsOnly && { problems: '1' }),
    ...(address.process !== undefined && { process: address.process }),
  });
  // `@` and `:` are valid in a fragment, and node ids are easier to read without escapes.
  const query = parts.toString().replaceAll('%40', '@').replaceAll('%3A', ':');
  return `#${address.view}${query === '' ? '' : `?${query}`}`;
}

/** Decodes the fragment of a URL. Missing and invalid values are replaced by defaults. */
export function fromHash(hash: string): Address {
  const [name = '', query = ''] = hash.replace(/^#/, '').split('?', 2);
  const parts = new URLSearchParams(query);
  const kind = parts.get('kind');
  return {
    view: VIEWS.find((view) => view === name) ?? DEFAULT_ADDRESS.view,
    sorting: sortingFrom(parts.get('sort') ?? ''),
    text: parts.get('q') ?? '',
    kind: kind === 'genserver' || kind === 'supervisor' ? kind : undefined,
    nodeId: parts.get('node') ?? undefined,
    logText: parts.get('log') ?? '',
    problemsOnly: parts.get('problems') === '1',
    process: parts.get('process') ?? undefined,
  };
}

/** Returns the filter of the process table, of the tree, and of the names. */
export function filterIn({ text, kind, nodeId }: Address): Filter {
  return { text, ...(kind !== undefined && { kind }), ...(nodeId !== undefined && { nodeId }) };
}

function sortingFrom(text: string): Sorting {
  const column = COLUMNS.find((each) => each === text.replace(/^-/, ''));
  return column === undefined
    ? DEFAULT_ADDRESS.sorting
    : { column, direction: text.startsWith('-') ? 'descending' : 'ascending' };
}
