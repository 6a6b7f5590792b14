import { asError } from '../errors.js';
import type { ChannelMessenger } from './channel-messenger.js';
import type { GlobalNames } from './names/global-names.js';
import type { OnConflict } from './names/global-names-ports.js';
import type { ChannelEnd, RemotePorts } from './remote-ports.js';

/**
 * Registers global names over one channel: for processes of the other node, and on its request for processes of this
 * node.
 */
export class ChannelRegistrations {
  readonly #end: ChannelEnd;
  readonly #ports: RemotePorts;
  readonly #messenger: ChannelMessenger;
  readonly #names: GlobalNames;

  constructor(end: ChannelEnd, ports: RemotePorts, messenger: ChannelMessenger, names: GlobalNames) {
    this.#end = end;
    this.#ports = ports;
    this.#messenger = messenger;
    this.#names = names;
  }

  /**
   * Registers a global name for a process of the other node. Rejects with the error with which the registration failed
   * on that node.
   */
  async register(name: string, processId: string, onConflict: OnConflict): Promise<void> {
    await this.#messenger.request((number) => JSON.stringify(['register', number, processId, name, onConflict]));
  }

  /** Unregisters a global name that a process of the other node has. */
  async unregister(name: string): Promise<void> {
    await this.#messenger.request((number) => JSON.stringify(['unregister', number, name]));
  }

  receivedRegister(number: number, processId: string, name: string, onConflict: OnConflict): void {
    const refusal = this.#refusal('register', processId);
    if (refusal !== undefined) {
      this.#messenger.refuse(number, refusal);
      return;
    }
    const caller = this.#messenger.caller(number);
    this.#names.register(name, processId, onConflict).then(
      () => caller.reply(null),
      (thrown) => caller.fail(asError(thrown)),
    );
  }

  receivedUnregister(number: number, name: string): void {
    const owner = this.#names.owner(name);
    const refusal = owner === undefined ? undefined : this.#refusal('unregister', owner.processId);
    if (refusal !== undefined) {
      this.#messenger.refuse(number, refusal);
      return;
    }
    this.#names.release(name);
    this.#messenger.caller(number).reply(null);
  }

  #refusal(kind: 'register' | 'unregister', id: string): string | undefined {
    return this.#ports.refusal({ from: this.#end.nodeId, to: { id, name: this.#ports.local.nameOf(id) }, kind });
  }
}
