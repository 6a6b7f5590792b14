import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { OnDemandDetails } from '../../view-model/on-demand-details.js';

/** The interval at which details on the page are requested again, ms. */
const REFRESH_MS = 2000;

/**
 * Requests details from the server of the dashboard. `path` is relative to the URL of the page. Never rejects: on
 * failure, the result has a `problem`.
 */
export async function fetchDetails(path: string): Promise<OnDemandDetails> {
  try {
    const response = await fetch(new URL(path, document.baseURI), { cache: 'no-store' });
    const isJson = response.headers.get('Content-Type')?.startsWith('application/json') ?? false;
    return isJson ? await response.json() : { problem: `The server answers ${response.status}.` };
  } catch {
    return { problem: 'The server cannot be reached.' };
  }
}

/**
 * Returns the details at `path`, or `undefined` until they arrive. Requests them again at intervals, as long as the
 * component is on the page.
 */
export function useDetails(path: string): OnDemandDetails | undefined {
  const details = useSignal<OnDemandDetails | undefined>(undefined);
  useEffect(() => {
    let isUnmounted = false;
    let hasData = false;
    let timer: number | undefined;
    const refresh = async (): Promise<void> => {
      const fetched = await fetchDetails(path);
      if (isUnmounted) return;
      // While requests fail, the page keeps the last data.
      if (fetched.problem === undefined || !hasData) details.value = fetched;
      hasData ||= fetched.problem === undefined;
      timer = setTimeout(() => void refresh(), REFRESH_MS);
    };
    void refresh();
    return () => {
      isUnmounted = true;
      clearTimeout(timer);
    };
  }, [path, details]);
  return details.value;
}
