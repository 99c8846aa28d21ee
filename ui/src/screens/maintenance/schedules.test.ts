import { afterEach, describe, expect, test } from 'vitest';
import type { Schedule } from '../../lib/contract';
import { fail, fakePanel, type FakePanel } from '../../lib/state/fake-panel';
import { ScheduleForm, ScheduleList } from './schedules.svelte';

const SCHEDULE = {
  id: 's-1',
  cron: '0 3 * * 6',
  timeZone: 'Europe/Berlin',
  durationS: 5400,
  reason: 'Database upgrade',
  matchers: [{ name: 'job', value: 'db.*', isRegex: true, isEqual: true }],
  ahead: 5,
} as unknown as Schedule;

let fake: FakePanel | undefined;
afterEach(() => fake?.stop());
const answer = (reply: Parameters<typeof fakePanel>[0]): FakePanel['calls'] => (fake = fakePanel(reply)).calls;

describe('the form of a recurring window', () => {
  test('an edited schedule is sent as it was, with what was changed', async () => {
    const calls = answer(() => ({ schedules: [SCHEDULE] }));
    const form = new ScheduleForm(SCHEDULE);
    expect([form.minutes, form.matchers]).toEqual(['90', 'job=~"db.*"']);
    form.reason = '  Database upgrade, weekly ';
    expect(await form.save()).toEqual([SCHEDULE]);
    expect(calls).toEqual([
      [
        'schedule_save',
        {
          id: 's-1',
          cron: '0 3 * * 6',
          timeZone: 'Europe/Berlin',
          durationS: 5400,
          reason: 'Database upgrade, weekly',
          createdBy: '',
          matchers: SCHEDULE.matchers,
          ahead: 5,
          enabled: true,
        },
      ],
    ]);
  });
  test('a new schedule starts without the values of another one', () => {
    expect(new ScheduleForm(null)).toMatchObject({ id: null, reason: '', matchers: '', minutes: '30' });
  });
  test('the first problem is shown, and nothing is sent until there is none', async () => {
    const calls = answer(() => ({ schedules: [] }));
    const form = new ScheduleForm(null);
    form.minutes = '1.5';
    expect(form.problem).toBe('Enter a whole number of minutes.');
    form.minutes = '45';
    expect(form.problem).toBe('Enter a reason.');
    form.reason = 'x';
    form.matchers = 'a="';
    expect(form.problem).toBe('Unterminated quote.');
    expect(await form.save()).toBeNull();
    expect(calls).toEqual([]);
    form.matchers = '';
    expect([form.problem, form.canSave]).toEqual(['', true]);
  });
  test('an invalid cron expression keeps the form from being saved until its preview succeeds', async () => {
    answer((name, request) =>
      name === 'schedule_preview' && (request as { cron: string }).cron === 'x'
        ? fail({ code: 'invalid-request', message: 'Invalid cron expression.' })
        : { description: 'every day', local: [], schedules: [] },
    );
    const form = new ScheduleForm(SCHEDULE);
    form.cron = 'x';
    await form.loadPreview();
    expect([form.preview, form.previewError?.message, form.canSave]).toEqual([null, 'Invalid cron expression.', false]);
    form.cron = '0 0 * * *';
    await form.loadPreview();
    expect([form.preview?.description, form.previewError, form.canSave]).toEqual(['every day', null, true]);
  });
  test('a rejected schedule keeps the form with the error', async () => {
    answer((name) =>
      name === 'schedule_save' ? fail({ code: 'conflict' as never, message: 'Overlaps another.' }) : {},
    );
    const form = new ScheduleForm(SCHEDULE);
    expect(await form.save()).toBeNull();
    expect([form.error?.message, form.saving]).toEqual(['Overlaps another.', false]);
  });
});

test('the list keeps its schedules when it cannot be loaded again', async () => {
  let down = false;
  answer((name) =>
    down && name === 'schedule_list' ? fail({ code: 'timeout', message: 'No reply.' }) : { schedules: [SCHEDULE] },
  );
  const list = new ScheduleList();
  await list.load();
  down = true;
  await list.load();
  expect([list.all, list.error?.code]).toEqual([[SCHEDULE], 'timeout']);
});
