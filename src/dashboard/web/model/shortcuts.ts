import { useEffect } from 'preact/hooks';
import type { Dashboard } from './dashboard-context.js';
import { VIEWS } from './url-state.js';

/** The keyboard shortcuts, as the help lists them. */
export const SHORTCUTS: readonly (readonly [keys: string, meaning: string])[] = [
  ['1 – 5', 'Show processes, tree, log, charts or names'],
  ['/', 'Go to the filter'],
  ['↑ ↓  PgUp PgDn  Home End', 'Move in the table or in the tree'],
  ['← →', 'Collapse or expand a branch of the tree; move between the column titles of the table'],
  ['Enter', 'Open the details of a process; sort by a column'],
  ['Esc', 'Close the details; leave the filter'],
  ['p', 'Pause or resume the log'],
  ['t', 'Switch between the light and the dark theme'],
  ['?', 'This help'],
];

/** Handles the keyboard shortcuts of the page. The keys for moving in the table and in the tree are handled there. */
export function useShortcuts(dashboard: Dashboard): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      // An open dialog handles its own keys.
      if (document.querySelector('dialog[open]') !== null) return;
      if (isTyping(event.target)) {
        if (event.key !== 'Escape') return;
        // By default, the browser would empty the search field on Escape, but the filter would stay in effect.
        event.preventDefault();
        blurFilter(event.target);
        return;
      }
      if (performAction(dashboard, event.key)) event.preventDefault();
    };
    document.addEventListener('keydown', pressed);
    return () => document.removeEventListener('keydown', pressed);
  }, [dashboard]);
}

/** Performs the action of a key. Returns whether the key has an action. */
function performAction({ router, themes, toggleLogPause, isHelpOpen }: Dashboard, key: string): boolean {
  const view = VIEWS[Number(key) - 1];
  if (view !== undefined) {
    router.go({ view });
    requestAnimationFrame(focusContent);
    return true;
  }
  switch (key) {
    case '/':
      document.querySelector<HTMLInputElement>('input[type=search]')?.focus();
      return true;
    case '?':
      isHelpOpen.value = true;
      return true;
    case 'Escape':
      router.go({ process: undefined });
      return true;
    case 't':
      themes.toggle();
      return true;
    case 'p':
      if (router.address.value.view !== 'log') return false;
      toggleLogPause();
      return true;
    default:
      return false;
  }
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, select, textarea');
}

/** Moves the focus from the filter to the content, so that the arrow keys work there. */
function blurFilter(target: EventTarget | null): void {
  if (target instanceof HTMLElement) target.blur();
  focusContent();
}

/**
 * Focuses the table, the tree, the log or the names, so that the arrow keys work there. The charts view has no such
 * element.
 */
function focusContent(): void {
  document
    .querySelector<HTMLElement>('#content [role=grid], #content [role=tree], #content [role=log], #content .names')
    ?.focus();
}
