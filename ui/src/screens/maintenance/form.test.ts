import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fail, fakePanel, type FakePanel } from '../../lib/state/fake-panel';
import { clock } from '../../lib/state/clock.svelte';
import { StartForm } from './form.svelte';

describe('the form that starts a window', () => {
  let fake: FakePanel;
  let reply: () => unknown = () => ({ id: 'w-1' });
  beforeEach(() => {
    reply = () => ({ id: 'w-1' });
    fake = fakePanel(() => reply());
  });
  afterEach(() => fake.stop());

  test('its end follows the duration, and is not repeated where it is chosen itself', () => {
    const form = new StartForm();
    form.length = 'minutes';
    form.minutes = '90';
    expect(form.endsAt).toBe(clock.now + 90 * 60_000);
    form.minutes = 'soon';
    expect(form.endsAt).toBeNull();
    form.length = 'until';
    expect(form.endsAt).toBeNull();
  });
  test('a missing reason is no problem before the first attempt, and nothing is sent without one', async () => {
    const form = new StartForm();
    expect(form.shownReasonProblem).toBe('');
    await form.start();
    expect(form.shownReasonProblem).not.toBe('');
    expect(fake.calls).toEqual([]);
  });
  test('matchers are checked as soon as there are any', () => {
    const form = new StartForm();
    form.scope = 'some';
    expect([form.shownScopeProblem, form.scopeProblem === '']).toEqual(['', false]);
    form.matchers = 'a="';
    expect(form.shownScopeProblem).toBe('Unterminated quote.');
    form.scope = 'all';
    expect(form.shownScopeProblem).toBe('');
  });
  test('a preset with another duration than the usual ones fills the minutes', () => {
    const form = new StartForm();
    form.take({ name: 'x', minutes: 45, reason: '', matchers: 'job="api"' });
    expect([form.length, form.seconds, form.scope]).toEqual(['minutes', 2700, 'some']);
    form.take({ name: 'x', minutes: 60, reason: 'Upgrade', matchers: '' });
    expect([form.length, form.seconds, form.scope, form.reason]).toEqual([60, 3600, 'all', 'Upgrade']);
  });
  test('a start that fails keeps the input and can be repeated', async () => {
    const form = new StartForm();
    form.reason = ' Upgrade ';
    form.author = 'jo';
    reply = () => fail({ code: 'timeout', message: 'No reply.' });
    await form.start();
    expect([form.error?.code, form.started, form.busy]).toEqual(['timeout', null, false]);
    reply = () => ({ id: 'w-1' });
    await form.start();
    expect(form.started?.id).toBe('w-1');
    expect(fake.calls[1]).toEqual([
      'maintenance_start',
      { durationS: 1800, reason: 'Upgrade', createdBy: 'jo', matchers: [], startsAt: null },
    ]);
  });
});
