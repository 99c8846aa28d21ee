// Notifications of actions that several places offer.import { plural } from './common';

import { plural } from './common';

export const text = {
  openAlert: 'Open alert',
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
  partlyRecreated: (active: number, total: number): string => `Active on ${active} of ${plural(total, 'member')}.`,
  recreateFailed: 'Failed to recreate the window.',
  acknowledged: (alert: string): string => `Acknowledged ${alert}`,
  acknowledgmentRemoved: (alert: string): string => `Acknowledgment of ${alert} removed`,
  acknowledgeFailed: (alert: string): string => `Failed to acknowledge ${alert}.`,
  removeAcknowledgmentFailed: (alert: string): string => `Failed to remove the acknowledgment of ${alert}.`,
  alreadyAcknowledged: (alert: string, by: string): string => `${alert} was already acknowledged by ${by}`,
  acknowledgePending: (alert: string): string => `${alert} is pending. It can be acknowledged when it fires.`,
  acknowledgeResolved: (alert: string): string => `${alert} is resolved. Only active alerts can be acknowledged.`,
  settingsFailed: 'Failed to save the settings.',
  notConnected: 'The window is not connected to the panel yet.',
  unreadableReply: {
    message: 'The window could not process the panel’s response.',
    hint: 'Report this as a bug, with the details below.',
  },
  panelUnreachable: { message: 'The panel is unreachable.', hint: 'Check that aether-bridge is running.' },
} as const;
