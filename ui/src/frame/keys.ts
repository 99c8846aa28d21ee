// Single-key shortcuts and Ctrl+K. Single keys are off while typing, while a dialog is open, with a modifier held,
// and when disabled under Keyboard shortcuts.
import { keyAction } from '../lib/keyboard/lists';
import { ui } from '../lib/state/ui.svelte';
import { commands } from './commands';

/** How long the first key of a sequence waits for its second. */
const PREFIX_MS = 1500;

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
    !(target instanceof HTMLInputElement && /^(radio|checkbox|button)$/.test(target.type))
  );
}

export function listen(): () => void {
  let prefix = '';
  let since = 0;
  const hear = (e: KeyboardEvent): void => {
    if (e.key.toLowerCase() === 'k' && (e.ctrlKey || e.metaKey) && !e.altKey && !e.shiftKey) {
      e.preventDefault();
      if (ui.dialog?.kind === 'palette') ui.dialog = null;
      else if (!ui.dialog && !document.querySelector('dialog[open]')) ui.dialog = { kind: 'palette' };
      return;
    }
    if (
      !ui.shortcuts ||
      e.ctrlKey ||
      e.metaKey ||
      e.altKey ||
      e.defaultPrevented ||
      typing(e.target) ||
      ui.dialog ||
      document.querySelector('dialog[open]')
    )
      return;
    const pressed = prefix && e.timeStamp - since < PREFIX_MS ? [prefix, e.key] : [e.key];
    prefix = '';
    const all = commands();
    const exact = all.find((c) => c.keys && c.keys.join(' ') === pressed.join(' '));
    if (exact) {
      e.preventDefault();
      exact.run();
    } else if (pressed.length === 1 && all.some((c) => c.keys && c.keys.length > 1 && c.keys[0] === e.key)) {
      prefix = e.key;
      since = e.timeStamp;
    } else if (pressed.length === 1) {
      const act = keyAction(e.key, document.activeElement);
      if (!act) return;
      e.preventDefault();
      act();
    }
  };
  window.addEventListener('keydown', hear);
  return () => window.removeEventListener('keydown', hear);
}
