import { type ReadonlySignal, signal } from '@preact/signals';

export type Theme = 'light' | 'dark';

const STORAGE_KEY = 'noex-theme';

export interface Themes {
  readonly theme: ReadonlySignal<Theme>;
  toggle(): void;
}

/**
 * Creates the theme of the page. It is the theme of the system, unless the user has chosen the other theme. Only a
 * theme other than that of the system is stored in the browser.
 */
export function createThemes(window: Window): Themes {
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  const preferred = (): Theme => (dark.matches ? 'dark' : 'light');
  const theme = signal(storedTheme(window) ?? preferred());
  const show = (): void => {
    window.document.documentElement.dataset['theme'] = theme.value;
  };
  dark.addEventListener('change', () => {
    if (storedTheme(window) === undefined) theme.value = preferred();
  });
  theme.subscribe(show);
  return {
    theme,
    toggle: () => {
      theme.value = theme.value === 'dark' ? 'light' : 'dark';
      storeTheme(window, theme.value === preferred() ? undefined : theme.value);
    },
  };
}

function storedTheme(window: Window): Theme | undefined {
  const value = storageOf(window)?.getItem(STORAGE_KEY);
  return value === 'light' || value === 'dark' ? value : undefined;
}

function storeTheme(window: Window, theme: Theme | undefined): void {
  if (theme === undefined) storageOf(window)?.removeItem(STORAGE_KEY);
  else storageOf(window)?.setItem(STORAGE_KEY, theme);
}

/**
 * Returns the local storage, or `undefined` if the browser denies access to it. Without storage, the chosen theme is
 * lost when the page closes.
 */
function storageOf(window: Window): Storage | undefined {
  try {
    return window.localStorage;
  } catch {
    return undefined;
  }
}
