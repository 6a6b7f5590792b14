import type { UnstampedEvent } from '../../../streams/events.js';
import type { GlobalNameConflict } from '../../../streams/registration-events.js';
import { GlobalNameConflictError } from '../../errors.js';
import { RESERVED_PREFIX } from '../../validate.js';
import type { Claim, ClaimHolder } from './claim.js';

interface NameReportPorts {
  emit(event: UnstampedEvent): void;
  onError(error: Error): void;
}

/**
 * Emits the events of the global names of this node, and reports conflicts as errors. Leaves out the names that noex
 * itself uses.
 */
export class NameReports {
  readonly #ports: NameReportPorts;

  constructor(ports: NameReportPorts) {
    this.#ports = ports;
  }

  registered(name: string, id: string): void {
    if (!isReserved(name)) this.#ports.emit({ type: 'global_name_registered', name, id });
  }

  unregistered(name: string, id: string): void {
    if (!isReserved(name)) this.#ports.emit({ type: 'global_name_unregistered', name, id });
  }

  /** Reports that a name had two owners after a partition. `outcome`: what happens to the process of this node. */
  conflict({ name, processId: id }: Claim, outcome: GlobalNameConflict['outcome'], other: ClaimHolder): void {
    if (isReserved(name)) return;
    const { processId: otherId, nodeId: otherNodeId = '' } = other;
    this.#ports.emit({ type: 'global_name_conflict', name, id, outcome, otherId, otherNodeId });
    this.#ports.onError(new GlobalNameConflictError(name, id, outcome === 'kept', otherNodeId));
  }
}

function isReserved(name: string): boolean {
  return name.startsWith(RESERVED_PREFIX);
}
