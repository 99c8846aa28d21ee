// What is being asked for: how long, why, who, what. The preview follows what is typed, a moment later.
import type {
  MaintenancePreset,
  MaintenancePreview,
  MaintenanceRequest,
  MaintenanceWindow,
  PanelError,
} from '../../lib/contract';
import { asPanelError } from '../../lib/backend';
import { planned } from '../../lib/format/duration';
import { plural } from '../../lib/format/number';
import { fromLocalInput, toLocalInput } from '../../lib/format/time';
import { parseMatchers } from '../../lib/query/filter';
import { clock } from '../../lib/state/clock.svelte';
import { panel } from '../../lib/state/panel.svelte';

export type Length = 15 | 30 | 60 | 120 | 'minutes' | 'until';
export const REASON_MOST = 500;

export class StartForm {
  length = $state<Length>(30);
  minutes = $state('45');
  until = $state(toLocalInput(Date.now() + 3_600_000));
  reason = $state('');
  author = $state(panel.snapshot?.maintenance.defaultAuthor ?? '');
  /** When it begins: now, or at a time of the future. */
  begin = $state<'now' | 'at'>('now');
  at = $state(toLocalInput(Date.now() + 3_600_000));
  scope = $state<'all' | 'some'>('all');
  matchers = $state('');
  preview = $state.raw<MaintenancePreview | null>(null);
  previewError = $state.raw<PanelError | null>(null);
  busy = $state(false);
  error = $state.raw<PanelError | null>(null);
  started = $state.raw<MaintenanceWindow | null>(null);
  /** Problems are shown once somebody has tried, not while they are typing. */
  tried = $state(false);
  #asked = 0;
  #sentAt = 0;

  cap = $derived(panel.snapshot?.maintenance.maxDurationS ?? 28_800);
  parsed = $derived(parseMatchers(this.matchers));

  /** The begin; null for now. Not a number when it is none. */
  startsAt = $derived(this.begin === 'now' ? null : (fromLocalInput(this.at) ?? Number.NaN));
  beginProblem = $derived(
    this.startsAt === null
      ? ''
      : Number.isNaN(this.startsAt)
        ? 'Pick a date and a time.'
        : this.startsAt <= clock.now
          ? 'That is over already. Begin now instead.'
          : '',
  );

  /** Length in seconds; not a number when it is not one. */
  seconds = $derived.by(() => {
    if (this.length === 'minutes') return /^\s*\d{1,6}\s*$/.test(this.minutes) ? Number(this.minutes) * 60 : Number.NaN;
    if (this.length === 'until') {
      const end = fromLocalInput(this.until);
      return end === null ? Number.NaN : Math.round((end - (this.startsAt ?? clock.now)) / 1000);
    }
    return this.length * 60;
  });

  lengthProblem = $derived.by(() => {
    if (Number.isNaN(this.seconds)) return this.length === 'until' ? 'Pick a date and a time.' : 'Write whole minutes.';
    if (this.seconds < 60)
      return this.length === 'until' ? 'That is over already, or within a minute.' : 'At least one minute.';
    if (this.seconds > this.cap) return `At most ${planned(this.cap)}. The cap is in the settings.`;
    return '';
  });
  reasonProblem = $derived(
    this.reason.trim() === ''
      ? 'Say why: it is what the next person reads.'
      : this.reason.length > REASON_MOST
        ? `At most ${REASON_MOST} characters.`
        : '',
  );
  scopeProblem = $derived(
    this.scope === 'all'
      ? ''
      : this.parsed.problem || (this.parsed.matchers.length === 0 ? 'Write at least one matcher.' : ''),
  );

  /** The act, named: "Silence 7 alerts for 30 min". */
  act = $derived.by(() => {
    const long = this.lengthProblem ? '' : ` for ${planned(this.seconds)}`;
    if (this.startsAt !== null) return `Plan the window${long}`;
    const n = this.preview?.mutes ?? 0;
    if (n > 0) return `Silence ${plural(n, 'alert')}${long}`;
    return this.scope === 'all' ? `Silence everything${long}` : `Silence what matches${long}`;
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

  async ask(): Promise<void> {
    const mine = ++this.#asked;
    if (this.lengthProblem || this.scopeProblem || this.beginProblem) {
      this.preview = null;
      return;
    }
    try {
      // The reason has no part in what would be muted, and may not be written yet.
      const reply = await panel.call('maintenance_preview', {
        ...this.request(),
        reason: this.reason.trim().slice(0, REASON_MOST) || 'preview',
      });
      if (mine !== this.#asked) return;
      this.preview = reply;
      this.previewError = null;
    } catch (thrown) {
      if (mine !== this.#asked) return;
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
