// Recurring windows: the list, and the form that creates or edits one.
import type { PanelError, Schedule, SchedulePreview, ScheduleSaveRequest } from '../../lib/contract';
import { asPanelError } from '../../lib/backend';
import { safe } from '../../lib/format/untrusted';
import { parseMatchers, showMatcher } from '../../lib/query/filter';
import { panel } from '../../lib/state/panel.svelte';
import { ui } from '../../lib/state/ui.svelte';
import { text } from '../../lib/text/maintenance';

export class ScheduleList {
  /** None until the first reply. */
  all = $state.raw<Schedule[] | null>(null);
  error = $state.raw<PanelError | null>(null);

  load = async (): Promise<void> => {
    try {
      this.all = (await panel.call('schedule_list', {})).schedules;
      this.error = null;
    } catch (thrown) {
      this.error = asPanelError(thrown);
    }
  };

  async remove(schedule: Schedule): Promise<void> {
    try {
      this.all = (await panel.call('schedule_delete', { id: schedule.id })).schedules;
      ui.notify('ok', text.schedules.removed(safe(schedule.reason, 60)));
    } catch (thrown) {
      ui.notify('crit', text.schedules.removeFailed, asPanelError(thrown));
    }
  }
}

export class ScheduleForm {
  /** None for a new schedule. */
  readonly id: string | null;
  cron = $state('0 2 * * 0');
  timeZone = $state(Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC');
  minutes = $state('30');
  reason = $state('');
  matchers = $state('');
  ahead = $state('3');

  /** Next windows of the schedule, or why it has none. */
  preview = $state.raw<SchedulePreview | null>(null);
  previewError = $state.raw<PanelError | null>(null);
  saving = $state(false);
  error = $state.raw<PanelError | null>(null);
  #request = 0;

  constructor(schedule: Schedule | null) {
    this.id = schedule?.id ?? null;
    if (!schedule) return;
    this.cron = schedule.cron;
    this.timeZone = schedule.timeZone;
    this.minutes = String(schedule.durationS / 60);
    this.reason = schedule.reason;
    this.matchers = schedule.matchers.map(showMatcher).join(' ');
    this.ahead = String(schedule.ahead);
  }

  readonly #parsed = $derived(parseMatchers(this.matchers));
  /** First problem of the fields; empty if there is none. */
  readonly problem = $derived.by(() => {
    if (!/^\d{1,5}$/.test(this.minutes.trim())) return text.schedules.wholeMinutes;
    if (this.reason.trim() === '') return text.schedules.reasonMissing;
    return this.#parsed.problem;
  });
  readonly canSave = $derived(!this.saving && this.problem === '' && this.previewError === null);

  async loadPreview(): Promise<void> {
    const request = ++this.#request;
    try {
      const preview = await panel.call('schedule_preview', { cron: this.cron, timeZone: this.timeZone });
      if (request === this.#request) [this.preview, this.previewError] = [preview, null];
    } catch (thrown) {
      if (request === this.#request) [this.preview, this.previewError] = [null, asPanelError(thrown)];
    }
  }

  request(): ScheduleSaveRequest {
    return {
      id: this.id,
      cron: this.cron,
      timeZone: this.timeZone,
      durationS: Number(this.minutes) * 60,
      reason: this.reason.trim(),
      createdBy: '',
      matchers: this.#parsed.matchers,
      ahead: Number(this.ahead),
      enabled: true,
    };
  }

  /** All schedules after saving; null: not saved. */
  async save(): Promise<Schedule[] | null> {
    if (!this.canSave) return null;
    this.saving = true;
    this.error = null;
    try {
      const { schedules } = await panel.call('schedule_save', this.request());
      ui.notify('ok', text.schedules.saved);
      return schedules;
    } catch (thrown) {
      this.error = asPanelError(thrown);
      return null;
    } finally {
      this.saving = false;
    }
  }
}
