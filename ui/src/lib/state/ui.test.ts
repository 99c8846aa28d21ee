import { beforeEach, describe, expect, it } from 'vitest';
import { ui } from './ui.svelte';

function openAddress(hash: string): void {
  history.replaceState(null, '', hash);
  ui.fromAddress();
}

describe('the route', () => {
  beforeEach(() => openAddress('#/overview'));

  it.each([
    ['', { screen: 'overview', item: null }],
    ['#/nowhere', { screen: 'overview', item: null }],
    ['#/backups/2026-01-01%20a', { screen: 'backups', item: '2026-01-01 a' }],
    ['#/runbooks/%E0%A4%A', { screen: 'runbooks', item: null }],
    ['#/slos', { screen: 'slos', item: null }],
    ['#/runbooks/slo-status', { screen: 'slos', item: null }],
    ['#/settings/credentials', { screen: 'settings', item: 'credentials' }],
  ])('of %s is read', (hash, route) => {
    openAddress(hash);
    expect(ui.route).toEqual(route);
  });

  it('is written to the address and closes the dialog', () => {
    ui.silence('a="b"');
    ui.go('backups', 'x/y');
    expect(location.hash).toBe('#/backups/x%2Fy');
    expect(ui.dialog).toBeNull();
    ui.fromAddress();
    expect(ui.route).toEqual({ screen: 'backups', item: 'x/y' });
  });

  it('of a list contains its query', () => {
    openAddress('#/alerts?state=firing&filter=a');
    expect(ui.alertQuery).toMatchObject({ states: ['firing'], filter: 'a' });
    ui.follow('alerts', 'severity="critical"', '');
    expect(ui.route.screen).toBe('alerts');
    expect(ui.alertQuery).toMatchObject({ filter: 'severity="critical"' });
  });
});

describe('the dialog', () => {
  it('provides its subject only to a dialog of its kind', () => {
    ui.closeOut('w1');
    expect(ui.opened('closeout').windowId).toBe('w1');
    expect(() => ui.opened('deploy')).toThrow();
    ui.deploy(null);
    expect(ui.opened('deploy').runId).toBeNull();
  });
});
