// The colours that were chosen here, before anything is drawn: it is loaded ahead of the style.
try {
  const theme = localStorage.getItem('theme');
  if (theme === 'light' || theme === 'dark') {
    document.documentElement.dataset.theme = theme;
    document.documentElement.style.colorScheme = theme;
  }
} catch {
  // Without storage the system decides.
}
