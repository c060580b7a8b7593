// Light or dark colours: the system's until somebody chooses, the same at all tabs. public/assets/early.js sets what
// was chosen before anything is drawn.
const KEY = 'theme';
const { dataset } = document.documentElement;

export const isDark = (): boolean =>
  dataset[KEY] ? dataset[KEY] === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;

function set(theme: string): void {
  dataset[KEY] = theme;
  document.documentElement.style.colorScheme = theme; // as early.js
}

export function turnLights(): void {
  set(isDark() ? 'light' : 'dark');
  localStorage.setItem(KEY, dataset[KEY]!);
}

/** Follow the choice at another tab. */
export function followTheme(changed: () => void): void {
  addEventListener('storage', ({ key, newValue }) => {
    if (key !== KEY || newValue === null) return;
    set(newValue);
    changed();
  });
}
