import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { COLUMNS, firstDirection } from '../../view-model/process-table.js';
import { useDashboard } from '../model/dashboard-context.js';
import { TITLES } from '../model/process-columns.js';
import { Icon } from './icon.js';

interface FiltersProps {
  readonly label: string;
  /** The field of the address that stores the filter text. Absent: the view has no text filter. */
  readonly param?: 'text' | 'logText';
  readonly hasKind?: boolean;
  /**
   * Whether the user can choose the sorting here. Narrow screens hide some columns, so the titles of these columns
   * cannot be clicked.
   */
  readonly hasSort?: boolean;
  /** How many items pass the filter, as text. */
  readonly note?: string;
  /** Additional controls. */
  readonly children?: preact.ComponentChildren;
}

/**
 * The filter controls above a view. On narrow screens, a button shows or hides the controls for node, kind and sorting.
 */
export function Filters({ label, param, hasKind = false, hasSort = false, note, children }: FiltersProps) {
  const { router } = useDashboard();
  const address = router.address.value;
  const isUnfolded = useSignal(false);
  return (
    <search class={`filters ${isUnfolded.value ? 'is-unfolded' : ''}`}>
      {param !== undefined && (
        <label class="text-filter">
          <Icon name="search" />
          <span class="visually-hidden">{label}</span>
          <input
            type="search"
            placeholder={label}
            value={address[param]}
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => router.go({ [param]: event.currentTarget.value }, 'replace')}
          />
          <span class="hint-key">/</span>
        </label>
      )}
      <button
        type="button"
        class="tool fold"
        aria-expanded={isUnfolded.value}
        onClick={() => {
          isUnfolded.value = !isUnfolded.value;
        }}
      >
        <Icon name="filters" />
        <span class="visually-hidden">More filters</span>
      </button>
      <div class="folding">
        <NodeFilter />
        {hasKind && <KindFilter />}
        {hasSort && <SortChoice />}
      </div>
      {children}
      {note !== undefined && <span class="note">{note}</span>}
      {note !== undefined && <Announcement text={note} />}
    </search>
  );
}

/**
 * The delay before the number of items is announced, ms. Without a delay, each typed letter would cause an
 * announcement.
 */
const ANNOUNCE_MS = 500;

/** Announces to screen readers how many items pass the filter, after each change of the filter, but not of the data. */
function Announcement({ text }: { readonly text: string }) {
  const { router } = useDashboard();
  const { text: filter, logText, nodeId, kind, problemsOnly } = router.address.value;
  const applied = [filter, logText, nodeId, kind, problemsOnly].join('\n');
  const announced = useSignal('');
  const newest = useRef(text);
  newest.current = text;
  const announcedFor = useRef(applied);
  useEffect(() => {
    if (announcedFor.current === applied) return undefined;
    announcedFor.current = applied;
    const timer = setTimeout(() => {
      announced.value = newest.current;
    }, ANNOUNCE_MS);
    return () => clearTimeout(timer);
  }, [applied, announced]);
  return <output class="visually-hidden">{announced.value}</output>;
}

function NodeFilter() {
  const { router, live, nodeNames } = useDashboard();
  const { nodeId } = router.address.value;
  const nodes = live.view.value?.nodes ?? [];
  return (
    <span class="choice">
      <select
        aria-label="Node"
        class={nodeId === undefined ? '' : 'is-set'}
        value={nodeId ?? ''}
        onChange={(event) => router.go({ nodeId: event.currentTarget.value || undefined }, 'replace')}
      >
        <option value="">All nodes</option>
        {nodes.map(({ node }) => (
          <option key={node.nodeId} value={node.nodeId}>
            {nodeNames.value.get(node.nodeId)}
          </option>
        ))}
        {nodeId !== undefined && !nodeNames.value.has(nodeId) && <option value={nodeId}>{nodeId} (gone)</option>}
      </select>
    </span>
  );
}

function KindFilter() {
  const { router } = useDashboard();
  const { kind } = router.address.value;
  return (
    <span class="choice">
      <select
        aria-label="Kind"
        class={kind === undefined ? '' : 'is-set'}
        value={kind ?? ''}
        onChange={({ currentTarget: { value } }) =>
          router.go({ kind: value === 'genserver' || value === 'supervisor' ? value : undefined }, 'replace')
        }
      >
        <option value="">All kinds</option>
        <option value="genserver">genserver</option>
        <option value="supervisor">supervisor</option>
      </select>
    </span>
  );
}

function SortChoice() {
  const { router } = useDashboard();
  const { sorting } = router.address.value;
  return (
    <span class="choice sort">
      <select
        aria-label="Sort by"
        value={sorting.column}
        onChange={({ currentTarget: { value } }) => {
          const column = COLUMNS.find((each) => each === value);
          if (column) router.go({ sorting: { column, direction: firstDirection(column) } }, 'replace');
        }}
      >
        {COLUMNS.map((column) => (
          <option key={column} value={column}>
            by {TITLES[column]}
          </option>
        ))}
      </select>
    </span>
  );
}
