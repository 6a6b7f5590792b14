import type { Registrations } from '../../../../streams/index.js';
import { formatCount, formatDate, formatTime, formatUptime } from '../../view-model/format.js';
import type { NodeRow } from '../../view-model/view-rows.js';
import { visibleText } from '../../view-model/visible-text.js';
import { useDashboard } from '../model/dashboard-context.js';
import { onPlainClick } from '../model/plain-click.js';

interface RegistrationsProps {
  readonly registrations: Registrations;
  readonly node: NodeRow | undefined;
}

/** The global names and the groups of a process, in its details. */
export function RegistrationsOf({ registrations, node }: RegistrationsProps) {
  const { globalNames, groups, omitted = 0 } = registrations;
  return (
    <>
      {globalNames.length > 0 && (
        <>
          <h3>Global names</h3>
          <ul class="registrations">
            {globalNames.map(({ name, since }) => (
              <li key={name}>
                <NameLink name={name} />
                <span class="value">
                  for <Age since={since - (node?.clockAheadMs ?? 0)} />
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      {groups.length > 0 && (
        <>
          <h3>Groups</h3>
          <ul class="registrations is-inline">
            {groups.map((group) => (
              <li key={group}>
                <NameLink name={group} />
              </li>
            ))}
          </ul>
        </>
      )}
      {omitted > 0 && <p class="empty">and {formatCount(omitted)} more names and groups, which are not reported.</p>}
    </>
  );
}

/** A link to a global name or a group in the view of all names. */
function NameLink({ name }: { readonly name: string }) {
  const { router } = useDashboard();
  const place = { view: 'names', text: name, nodeId: undefined } as const;
  return (
    <a href={router.link(place)} onClick={onPlainClick(() => router.go(place))}>
      {visibleText(name)}
    </a>
  );
}

/** Shows how long ago a moment was. `since`: ms since the epoch on the clock of the server. */
export function Age({ since }: { readonly since: number }) {
  const { serverNow } = useDashboard();
  return (
    <time dateTime={new Date(since).toISOString()} title={`since ${formatDate(since)} ${formatTime(since)}`}>
      {formatUptime(serverNow.value - since)}
    </time>
  );
}
