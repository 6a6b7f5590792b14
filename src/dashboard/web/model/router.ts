import { type ReadonlySignal, signal } from '@preact/signals';
import { type Address, fromHash, toHash } from './url-state.js';

/** The address of the page, and going elsewhere. */
export interface Router {
  readonly address: ReadonlySignal<Address>;
  /** `replace`: without a step to come back to, as for each letter of a filter. */
  go(change: Partial<Address>, how?: 'push' | 'replace'): void;
  /** Where a link that changes this much leads. */
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
