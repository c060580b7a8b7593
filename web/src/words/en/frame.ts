// The frame of every page, and what any page may say.
export const frame = {
  languages: 'Language',
  notFound: 'Not found',
  pageNotFound: 'Page not found',
  goToStudio: 'Go to the studio',
  noConnection: 'No connection',
  notLoaded: 'This page could not be loaded',
  notReached: 'StudioX cannot be reached',
  checkConnection: 'Check your connection and {reload}.',
  reload: 'reload the page',
  nothingBought: 'Nothing was bought, and you were not charged.',
  messages: 'Messages',
  closeMessage: 'Close this message',
  undo: 'Undo',
} as const;
