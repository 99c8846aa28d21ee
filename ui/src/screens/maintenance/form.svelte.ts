// The form that starts a window: duration, reason, creator, scope. The preview follows the input after a short delay.
import type {
  MaintenancePreset,
  MaintenancePreview,
  MaintenanceRequest,
  MaintenanceWindow,
  PanelError,
} from '../../lib/contract';
import { asPanelError } from '../../lib/backend';
import { planned } from '../../lib/format/duration';
import { fromLocalInput, toLocalInput } from '../../lib/format/time';
import { parseMatchers } from '../../lib/query/filter';
import { clock } from '../../lib/state/clock.svelte';
import { panel } from '../../lib/state/panel.svelte';
import { text } from '../../lib/text/maintenance';

export type Length = 15 | 30 | 60 | 120 | 'minutes' | 'until';
export const REASON_MOST = 500;

export class StartForm {
  length = $state<Length>(30);
  minutes = $state('45');
  until = $state(toLocalInput(Date.now() + 3_600_000));
  reason = $state('');
  author = $state(panel.snapshot?.maintenance.defaultAuthor ?? '');
  begin = $state<'now' | 'at'>('now');
  at = $state(toLocalInput(Date.now() + 3_600_000));
  scope = $state<'all' | 'some'>('all');
  matchers = $state('');
  preview = $state.raw<MaintenancePreview | null>(null);
  previewError = $state.raw<PanelError | null>(null);
  busy = $state(false);
  error = $state.raw<PanelError | null>(null);
  started = $state.raw<MaintenanceWindow | null>(null);
  /** Problems are shown after the first attempt to start, not while typing. */
  tried = $state(false);
  #latestRequest = 0;
  #sentAt = 0;

  cap = $derived(panel.snapshot?.maintenance.maxDurationS ?? 28_800);
  parsed = $derived(parseMatchers(this.matchers));

  /** Start in milliseconds; null for now, NaN if the input is not a date. */
  startsAt = $derived(this.begin === 'now' ? null : (fromLocalInput(this.at) ?? Number.NaN));
  beginProblem = $derived(
    this.startsAt === null
      ? ''
      : Number.isNaN(this.startsAt)
        ? text.form.pickTime
        : this.startsAt <= clock.now
          ? text.form.past
          : '',
  );

  /** Duration in seconds; NaN if the input is not a number. */
  seconds = $derived.by(() => {
    if (this.length === 'minutes') return /^\s*\d{1,6}\s*$/.test(this.minutes) ? Number(this.minutes) * 60 : Number.NaN;
    if (this.length === 'until') {
      const end = fromLocalInput(this.until);
      return end === null ? Number.NaN : Math.round((end - (this.startsAt ?? clock.now)) / 1000);
    }
    return this.length * 60;
  });

  lengthProblem = $derived.by(() => {
    if (Number.isNaN(this.seconds)) return this.length === 'until' ? text.form.pickTime : text.form.wholeMinutes;
    if (this.seconds < 60) return this.length === 'until' ? text.form.endPast : text.form.tooShort;
    if (this.seconds > this.cap) return text.form.tooLong(planned(this.cap));
    return '';
  });
  reasonProblem = $derived(
    this.reason.trim() === ''
      ? text.form.reasonMissing
      : this.reason.length > REASON_MOST
        ? text.form.reasonTooLong(REASON_MOST)
        : '',
  );
  scopeProblem = $derived(
    this.scope === 'all'
      ? ''
      : this.parsed.problem || (this.parsed.matchers.length === 0 ? text.form.matcherMissing : ''),
  );

  /** When the window ends, where the end is not chosen itself; null while something is wrong with it. */
  endsAt = $derived(
    this.length === 'until' || this.lengthProblem || this.beginProblem
      ? null
      : (this.startsAt ?? clock.now) + this.seconds * 1000,
  );
  /** Problems as they are shown: an empty field is none before the first attempt. */
  shownReasonProblem = $derived(this.tried ? this.reasonProblem : '');
  shownScopeProblem = $derived(this.matchers !== '' || this.tried ? this.scopeProblem : '');

  /** Label of the confirm button: "Silence everything for 30 min (2 firing now)". */
  act = $derived.by(() => {
    const long = this.lengthProblem ? '' : text.form.forLength(planned(this.seconds));
    if (this.startsAt !== null) return text.form.schedule(long);
    const n = this.preview?.mutes ?? 0;
    return this.scope === 'all' ? text.form.silenceAll(long, n) : text.form.silenceMatching(long, n);
  });

  /** The window as the snapshot shows it while the command has not answered yet. */
  onTheWay = $derived(
    this.busy
      ? panel.snapshot?.maintenance.windows.find(
          (w) => w.reason === this.reason.trim() && w.startsAt >= this.#sentAt - 60_000,
        )
      : undefined,
  );

  request(): MaintenanceRequest {
    return {
      durationS: this.seconds,
      reason: this.reason.trim(),
      createdBy: this.author.trim(),
      matchers: this.scope === 'all' ? [] : this.parsed.matchers,
      startsAt: this.startsAt,
    };
  }

  async loadPreview(): Promise<void> {
    const request = ++this.#latestRequest;
    if (this.lengthProblem || this.scopeProblem || this.beginProblem) {
      this.preview = null;
      return;
    }
    try {
      // The reason does not affect the preview and may still be empty.
      const reply = await panel.call('maintenance_preview', {
        ...this.request(),
        reason: this.reason.trim().slice(0, REASON_MOST) || 'preview',
      });
      if (request !== this.#latestRequest) return;
      this.preview = reply;
      this.previewError = null;
    } catch (thrown) {
      if (request !== this.#latestRequest) return;
      this.preview = null;
      this.previewError = asPanelError(thrown);
    }
  }

  async start(): Promise<void> {
    this.tried = true;
    if (this.busy || this.lengthProblem || this.reasonProblem || this.scopeProblem || this.beginProblem) return;
    this.busy = true;
    this.error = null;
    this.#sentAt = Date.now();
    try {
      this.started = await panel.call('maintenance_start', this.request());
    } catch (thrown) {
      this.error = asPanelError(thrown);
    }
    this.busy = false;
  }

  /** Fills the form from a preset. */
  take(preset: MaintenancePreset): void {
    const known = ([15, 30, 60, 120] as const).find((m) => m === preset.minutes);
    this.length = known ?? 'minutes';
    this.minutes = String(preset.minutes);
    if (preset.reason) this.reason = preset.reason;
    this.scope = preset.matchers.trim() ? 'some' : 'all';
    this.matchers = preset.matchers;
  }

  again(): void {
    this.started = null;
    this.error = null;
    this.tried = false;
    this.reason = '';
  }
}
