import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fail, fakePanel, type FakePanel } from './fake-panel';
import { follow } from './follow';
import { tellNotice } from './notice';
import { ui } from './ui.svelte';

describe('a notification', () => {
  let rows: { fingerprint: string }[] = [];
  let panel: FakePanel;
  beforeEach(() => {
    panel = fakePanel(() => (rows.length > 0 ? { rows, total: rows.length } : fail({ message: 'down' })));
    ui.go('overview');
    ui.alertQuery = null;
    ui.notices = [];
  });
  afterEach(() => panel.stop());

  it('notification_of_an_alert_opens_it_and_sets_no_filter', async () => {
    rows = [{ fingerprint: 'f1' }];
    await follow({ screen: 'alerts', filter: 'alertname="Cold"', query: '' });
    expect(panel.calls[0]?.[1]).toMatchObject({ filter: 'alertname="Cold"', sort: 'since', descending: true });
    expect(ui.route).toEqual({ screen: 'alerts', item: 'f1' });
    expect(ui.alertQuery).toBeNull();
  });

  it('notification_of_an_alert_that_is_not_found_opens_the_filtered_list', async () => {
    rows = [];
    await follow({ screen: 'alerts', filter: 'alertname="Cold"', query: '' });
    expect(ui.route).toEqual({ screen: 'alerts', item: null });
    expect(ui.alertQuery).toMatchObject({ filter: 'alertname="Cold"' });
  });

  it('link_to_a_list_opens_the_list', async () => {
    await follow({ screen: 'alerts', filter: '', query: 'state=firing' });
    expect(panel.calls).toEqual([]);
    expect(ui.alertQuery).toMatchObject({ states: ['firing'] });
  });

  it('notice_in_the_window_offers_to_open_its_alert', async () => {
    rows = [{ fingerprint: 'f2' }];
    tellNotice({ level: 'critical', title: 'Cold', text: '', screen: 'alerts', filter: 'alertname="Cold"' });
    ui.notices[0]?.action?.run();
    await new Promise((done) => setTimeout(done));
    expect(ui.route.item).toBe('f2');
    tellNotice({ level: 'ok', title: 'Resolved', text: '', screen: 'alerts', filter: '' });
    expect(ui.notices.at(-1)?.action).toBeUndefined();
  });
});
