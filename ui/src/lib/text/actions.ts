// Notifications of actions that several places offer.
export const text = {
  openFailed: 'Failed to open the page.',
  refreshing: 'Refreshing all servers…',
  refreshFailed: 'Failed to refresh.',
  switched: (stack: string): string => `Switched to ${stack}.`,
  switchFailed: (stack: string): string => `Failed to switch to ${stack}.`,
  extended: (length: string): string => `Extended by ${length} and verified.`,
  shortened: (length: string): string => `Shortened by ${length} and verified.`,
  extendFailed: 'Failed to extend the window.',
  shortenFailed: 'Failed to shorten the window.',
  recreated: 'Active on all members again.',
  partlyRecreated: (active: number, total: number): string => `Active on ${active} of ${total} members.`,
  recreateFailed: 'Failed to recreate the window.',
  settingsFailed: 'Failed to save the settings.',
  notConnected: 'The window is not connected to the panel yet.',
  unreadableReply: {
    message: 'The window could not process the panel’s response.',
    hint: 'Report this as a bug, with the details below.',
  },
  panelUnreachable: { message: 'The panel is unreachable.', hint: 'Check that aether-bridge is running.' },
} as const;
