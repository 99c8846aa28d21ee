// Requests from outside the page: a click on a notification, the tray, a link.
import type { NavigateTo } from '../contract';
import { anyAlert } from './alert-lookup';
import { panel } from './panel.svelte';
import { ui } from './ui.svelte';

/** A notification names its alert by a filter: the alert that began last opens, and the list stays as it is. */
export async function follow(to: NavigateTo): Promise<void> {
  if (to.screen !== 'alerts' || to.filter === '' || to.query !== '') {
    ui.follow(to.screen, to.filter, to.query);
    return;
  }
  try {
    const newest = anyAlert({ filter: to.filter, states: ['firing'], sort: 'since', descending: true, limit: 1 });
    const [alert] = (await panel.call('alerts_page', newest)).rows;
    if (alert) {
      ui.openAlert(alert.fingerprint);
      return;
    }
  } catch {
    // The list shows what is left of it, or why there is none.
  }
  ui.follow(to.screen, to.filter, to.query);
}
