import { useDashboard } from '../model/dashboard-context.js';
import { onPlainClick } from '../model/plain-click.js';

interface ProcessLinkProps {
  readonly processKey: string;
  readonly children: preact.ComponentChildren;
}

/** A link that opens the details of a process. The `href` lets users copy the link or open it in a new tab. */
export function ProcessLink({ processKey, children }: ProcessLinkProps) {
  const { router } = useDashboard();
  return (
    <a
      class="process-link"
      href={router.link({ process: processKey })}
      onClick={onPlainClick(() => router.go({ process: processKey }))}
    >
      {children}
    </a>
  );
}
