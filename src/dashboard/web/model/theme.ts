import { type ReadonlySignal, signal } from '@preact/signals';

export type Theme = 'light' | 'dark';

const STORAGE_KEY = 'noex-theme';

export interface Themes {
  readonly theme: ReadonlySignal<Theme>;
  toggle(): void;
}

/** The theme of the page: that of the system, unless the user has chosen the other one. The choice is stored. */
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

/** `undefined`: the browser denies access to the storage. The choice of a theme then lasts as long as the page. */
function storageOf(window: Window): Storage | undefined {
  try {
    return window.localStorage;
  } catch {
    return undefined;
  }
}
