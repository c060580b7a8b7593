// What was chosen here, before anything is drawn: it is loaded ahead of the style. The language is the one that was
// chosen, else the first of the reader's that the page speaks.
const SPOKEN = { en: 'ltr', ar: 'rtl' };
const root = document.documentElement;
let chosen = null;
try {
  const theme = localStorage.getItem('theme');
  if (theme === 'light' || theme === 'dark') {
    root.dataset.theme = theme;
    root.style.colorScheme = theme;
  }
  chosen = localStorage.getItem('language');
} catch {
  // Without storage the system decides.
}
root.lang = [chosen, ...navigator.languages.map((each) => each.split('-')[0])].find((each) => each in SPOKEN) ?? 'en';
root.dir = SPOKEN[root.lang];
