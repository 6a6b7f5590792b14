import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Details } from '../../view-model/details.js';

/** How often the details on the page are requested again, ms. */
const REFRESH_MS = 2000;

/** Requests details from the server of the dashboard; `path` is relative to the page. Never rejects. */
export async function fetchDetails(path: string): Promise<Details> {
  try {
    const response = await fetch(new URL(path, document.baseURI), { cache: 'no-store' });
    const isJson = response.headers.get('Content-Type')?.startsWith('application/json') ?? false;
    return isJson ? await response.json() : { problem: `The server answers ${response.status}.` };
  } catch {
    return { problem: 'The server cannot be reached.' };
  }
}

/** The details at that path, kept up to date as long as the component is on the page. `undefined`: not there yet. */
export function useDetails(path: string): Details | undefined {
  const details = useSignal<Details | undefined>(undefined);
  useEffect(() => {
    let isOver = false;
    let hasAnswer = false;
    let timer: number | undefined;
    const refresh = async (): Promise<void> => {
      const fetched = await fetchDetails(path);
      if (isOver) return;
      // What was there before is better than nothing, for as long as a request fails.
      if (fetched.problem === undefined || !hasAnswer) details.value = fetched;
      hasAnswer ||= fetched.problem === undefined;
      timer = setTimeout(() => void refresh(), REFRESH_MS);
    };
    void refresh();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [path, details]);
  return details.value;
}
