import { useSignal } from '@preact/signals';
import { formatCount } from '../../view-model/format.js';
import type { GroupRow, NameRow } from '../../view-model/names.js';
import { labelOf } from '../../view-model/process-table.js';
import type { ProcessRow } from '../../view-model/view-rows.js';
import { visibleText } from '../../view-model/visible-text.js';
import { useDashboard } from '../model/dashboard-context.js';
import { counted } from '../model/process-columns.js';
import { Filters } from './filters.js';
import { Icon } from './icon.js';
import { ProcessLink } from './process-link.js';
import { Age } from './registrations.js';

/** The number of rows of each table that are shown at first, and the number that each click on "more" adds. */
const PAGE_SIZE = 100;
/** The maximum number of members that are listed for one group. */
const MAX_MEMBERS = 100;

/** The view of the global names with their owners, and of the groups with their members. */
export function NamesView() {
  const { names: table, live } = useDashboard();
  const { names, groups, total, omitted } = table.value;
  const shown = names.length + groups.length;
  return (
    <div class="view">
      <Filters label="Filter names" param="text" note={`${formatCount(shown)} of ${formatCount(total)}`} />
      <div class="names scroller" role="region" aria-label="Names and groups" tabIndex={0}>
        {shown === 0 ? (
          <Empty isWaiting={live.view.value === undefined} total={total} />
        ) : (
          <>
            <NameTable names={names} />
            <GroupTable groups={groups} />
          </>
        )}
        {omitted > 0 && (
          <p class="remark">
            {formatCount(omitted)} further names and memberships are not reported, because a process has too many.
          </p>
        )}
      </div>
    </div>
  );
}

function Empty({ isWaiting, total }: { readonly isWaiting: boolean; readonly total: number }) {
  if (isWaiting) return <p class="empty">Waiting for the cluster …</p>;
  if (total > 0) return <p class="empty">No name and no group passes the filter.</p>;
  return (
    <p class="empty">
      No process of a connected node has a global name or is a member of a group. Register a name with{' '}
      <code>GlobalRegistry.register</code>, and join a group with <code>ProcessGroups.join</code>.
    </p>
  );
}

function NameTable({ names }: { readonly names: readonly NameRow[] }) {
  const { nodeNames } = useDashboard();
  const limit = useSignal(PAGE_SIZE);
  return (
    <section aria-labelledby="global-names-title">
      <h2 id="global-names-title">
        Global names <span class="count">{formatCount(names.length)}</span>
      </h2>
      {names.length === 0 ? (
        <p class="empty">None.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Owner</th>
              <th scope="col" class="is-node">
                Node
              </th>
              <th scope="col" class="is-amount">
                Owned for
              </th>
            </tr>
          </thead>
          <tbody>
            {names.slice(0, limit.value).map(({ key, name, owner, since, isContested }) => (
              <tr key={key}>
                <th scope="row">
                  <span class="name" title={visibleText(name)}>
                    {visibleText(name)}
                  </span>
                  {isContested && <span class="tag is-bad">two owners</span>}
                </th>
                <td>
                  <Process row={owner} />
                  {/* The name of the node, for screens that are too narrow for the node column. */}
                  <span class="place" aria-hidden="true">
                    {nodeNames.value.get(owner.nodeId)}
                  </span>
                </td>
                <td class="is-node" title={owner.nodeId}>
                  {nodeNames.value.get(owner.nodeId)}
                </td>
                <td class="is-amount">
                  <Age since={since} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <More hidden={names.length - limit.value} onMore={() => (limit.value += PAGE_SIZE)} />
    </section>
  );
}

function GroupTable({ groups }: { readonly groups: readonly GroupRow[] }) {
  const limit = useSignal(PAGE_SIZE);
  const unfolded = useSignal<ReadonlySet<string>>(new Set());
  const toggle = (key: string): void => {
    const next = new Set(unfolded.value);
    if (!next.delete(key)) next.add(key);
    unfolded.value = next;
  };
  return (
    <section aria-labelledby="groups-title">
      <h2 id="groups-title">
        Groups <span class="count">{formatCount(groups.length)}</span>
      </h2>
      {groups.length === 0 ? (
        <p class="empty">None.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Group</th>
              <th scope="col">Members by node</th>
              <th scope="col" class="is-amount">
                Members
              </th>
            </tr>
          </thead>
          <tbody>
            {groups.slice(0, limit.value).map((group) => (
              <GroupRows
                key={group.key}
                group={group}
                isUnfolded={unfolded.value.has(group.key)}
                toggle={() => toggle(group.key)}
              />
            ))}
          </tbody>
        </table>
      )}
      <More hidden={groups.length - limit.value} onMore={() => (limit.value += PAGE_SIZE)} />
    </section>
  );
}

interface GroupRowsProps {
  readonly group: GroupRow;
  readonly isUnfolded: boolean;
  toggle(): void;
}

/** The row of a group and, below it, its members if the user has unfolded the row. */
function GroupRows({ group, isUnfolded, toggle }: GroupRowsProps) {
  const { nodeNames } = useDashboard();
  const { name, nodes, memberCount, emptySince } = group;
  const members = nodes.flatMap((each) => each.members);
  const omitted = members.length - MAX_MEMBERS;
  const isOpen = isUnfolded && members.length > 0;
  return (
    <>
      <tr>
        <th scope="row">
          <button
            type="button"
            class={`twisty ${isOpen ? 'is-open' : ''}`}
            aria-expanded={isOpen}
            disabled={members.length === 0}
            onClick={toggle}
          >
            <Icon name="open" />
            <span class="visually-hidden">Members of {visibleText(name)}</span>
          </button>
          <span class="name" title={visibleText(name)}>
            {visibleText(name)}
          </span>
        </th>
        <td>
          {emptySince !== undefined && (
            <span class="tag is-bad">
              empty for <Age since={emptySince} />
            </span>
          )}
          <span class="places">
            {nodes.map(({ nodeId, members: here }, index) => (
              <span key={nodeId} title={nodeId}>
                {index > 0 && ', '}
                {nodeNames.value.get(nodeId)} <b>{formatCount(here.length)}</b>
              </span>
            ))}
          </span>
        </td>
        <td class="is-amount">{formatCount(memberCount)}</td>
      </tr>
      {isOpen && (
        <tr class="members">
          <td colSpan={3}>
            <ul aria-label={`Members of ${visibleText(name)}`}>
              {members.slice(0, MAX_MEMBERS).map((row) => (
                <li key={row.key}>
                  <Process row={row} />
                  <span class="place">{nodeNames.value.get(row.nodeId)}</span>
                </li>
              ))}
            </ul>
            {omitted > 0 && <p class="empty">and {counted(omitted, 'more member')}.</p>}
          </td>
        </tr>
      )}
    </>
  );
}

function Process({ row }: { readonly row: ProcessRow }) {
  return (
    <ProcessLink processKey={row.key}>
      <Icon name={row.kind} />
      <span class="label">{labelOf(row)}</span>
      {row.name !== undefined && <span class="id">{visibleText(row.id)}</span>}
    </ProcessLink>
  );
}

function More({ hidden, onMore }: { readonly hidden: number; onMore(): void }) {
  if (hidden <= 0) return null;
  return (
    <button type="button" class="button more" onClick={onMore}>
      {formatCount(hidden)} more
    </button>
  );
}
