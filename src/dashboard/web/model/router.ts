import { type ReadonlySignal, signal } from '@preact/signals';
import { type Address, fromHash, toHash } from './url-state.js';

/** Reads and changes the `Address`, which is stored in the fragment of the URL of the page. */
export interface Router {
  readonly address: ReadonlySignal<Address>;
  /**
   * Changes the address. `push` adds an entry to the browser's history; `replace` changes the current entry, which
   * suits small changes such as a typed letter. Default `push`.
   */
  go(change: Partial<Address>, how?: 'push' | 'replace'): void;
  /** Returns the `href` of a link to the changed address. */
  link(change: Partial<Address>): string;
}

export function createRouter(window: Window): Router {
  const address = signal(fromHash(window.location.hash));
  const read = (): void => {
    address.value = fromHash(window.location.hash);
  };
  window.addEventListener('popstate', read);
  window.addEventListener('hashchange', read);
  const link = (change: Partial<Address>): string => toHash({ ...address.value, ...change });
  return {
    address,
    link,
    go: (change, how = 'push') => {
      const hash = link(change);
      if (how === 'replace') window.history.replaceState(null, '', hash);
      else if (hash !== window.location.hash) window.history.pushState(null, '', hash);
      read();
    },
  };
}
