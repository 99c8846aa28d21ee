// Texts of the guided deploy.
import { count } from '../format/number';

import { plural } from './common';

export const text = {
  heading: 'Guided deploy',
  about: 'Backup, maintenance window, deploy, regression checks and close-out, step by step and recorded.',
  start: 'Start deploy…',
  continue: 'Continue…',
  open: 'in progress',
  next: (step: string): string => `next: ${step}`,
  abandoned: 'abandoned',
  done: (n: number, total: number): string => `${count(n)} of ${count(total)} done`,
  findings: (n: number): string => `${count(n)} with findings`,
  skipped: (n: number): string => `${count(n)} skipped`,

  phases: { before: 'Before', deploy: 'Deploy', after: 'After' },
  steps: {
    backup: {
      title: 'Backup',
      about: 'Back up dashboards, data, alerting and configuration, and verify every file.',
      run: 'Back up',
    },
    preprod: {
      title: 'Pre-production check',
      about:
        'Files, rules, traffic guards, dashboard and traffic. The reload and the test alert are on the Checks screen.',
      run: 'Run check',
    },
    window: {
      title: 'Maintenance window',
      about: 'Silence every alert except the heartbeat, verified on every Alertmanager member.',
      run: 'Start window',
    },
    deploy: {
      title: 'Deploy',
      about: 'Deploy now with your own tools, then return here.',
      run: 'Mark as deployed',
    },
    quick: {
      title: 'Quick check',
      about: 'Servers and versions, rules, dashboard, metrics and recorded values.',
      run: 'Run check',
    },
    after: {
      title: 'Post-deploy check',
      about: 'Version changes, new alerts (muted or not), target health, and gauges compared with before the deploy.',
      run: 'Run check',
    },
    alerts: {
      title: 'New alerts',
      about: 'Alerts that did not fire before the deploy, muted or not.',
      run: 'Check alerts',
    },
    gauges: {
      title: 'Gauges',
      about: 'Each gauge compared with its value before the deploy.',
      run: 'Compare',
    },
    dashboard: {
      title: 'Dashboard',
      about: 'Review the dashboard yourself.',
      run: 'Mark as reviewed',
    },
    'close-out': {
      title: 'Close-out',
      about: 'End the window and report what will page, what stays quiet, and what must be closed manually.',
      run: 'End window and close out',
    },
  },
  states: {
    waiting: 'pending',
    done: 'done',
    finding: 'findings',
    failed: 'failed',
    skipped: 'skipped',
  },

  dialog: {
    critical: (n: number): string => `${plural(n, 'critical alert')} ${n === 1 ? 'is' : 'are'} firing. Continue?`,
    continue: 'Continue',
    title: (name: string): string => `Deploy: ${name}`,
    newTitle: 'Start a deploy',
    started: 'Started',
    by: 'by',
    finished: 'All steps are done or skipped.',
    abandoned: 'Abandoned.',
    resumable: 'You can close this at any time and continue later.',
    notFound: 'This deploy was not found.',
    openDashboard: 'Open dashboard',
    more: (n: number): string => `${count(n)} more`,
    skip: 'Skip…',
    confirmSkip: 'Skip step',
    skipReason: 'Reason for skipping',
    rerun: 'Run again',
    abandon: 'Abandon…',
    confirmAbandon: 'Abandon deploy',
    abandonReason: 'Reason for abandoning',
    abandonHint: 'Reason for abandoning. The window and the backup are kept.',
    name: 'Deployment name',
    nameExample: 'v2.3.0',
    nameMissing: 'Enter a deployment name. It labels the backup, the window and the record.',
    createdBy: 'Created by',
    windowLength: 'Window (minutes)',
    snapshotHint:
      'Firing alerts and gauge values are recorded now, to detect regressions after the deploy. No step runs until you start it.',
    copyMarkdown: 'Copy as Markdown',
    closeForLater: 'Close and continue later',
  },
} as const;
