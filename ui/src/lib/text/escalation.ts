// Texts of the escalation clocks.

export const text = {
  rules: {
    vip: 'VIP alert',
    health: 'Low health score',
    general: 'Firing too long',
    cost: 'High cost',
  },
  escalated: 'escalated',
  acknowledged: 'acknowledged',
  muted: 'muted',
  due: (left: string): string => `escalate · ${left} left`,
  overdue: (by: string): string => `overdue by ${by}`,
  unnamed: '(no name)',
  contactDetails: (title: string): string => `Contact details: ${title}`,
  acknowledgedBy: 'Acknowledged by',
  next: 'Next contact:',
  contact: 'Contact',
  by: 'by',
  email: 'Write email…',
  chat: 'Open chat…',
  copyAddress: 'Copy address',
  mark: 'Mark as escalated…',
  note: 'Person contacted and outcome',
  confirm: 'Mark as escalated',
  marked: 'Marked as escalated.',
  unmarked: 'Escalation mark removed.',
} as const;
