// Keys in a modal dialog: its first field has the focus, Enter submits, and the focus returns to where it was.
import type { Attachment } from 'svelte/attachments';
import { restoreFocus } from './lists';

const FIELD = 'input:not(:disabled, [type="hidden"]), select:not(:disabled), textarea:not(:disabled)';

/** What had the focus before the first of several dialogs that followed each other. */
let outside: Element | null = null;

/** Opens the platform's own dialog, which keeps the focus inside. An element that is removed returns no focus itself. */
export const modal: Attachment<HTMLDialogElement> = (dialog) => {
  const opener = document.activeElement;
  if (opener && opener !== document.body && !opener.closest('dialog')) outside = opener;
  dialog.showModal();
  const focusField = (): boolean => {
    const field = firstField(dialog);
    field?.focus();
    return field !== null;
  };
  let observer: MutationObserver | null = null;
  if (!focusField()) {
    // Without a field Enter does the next step; what destroys something has to be chosen.
    dialog.querySelector<HTMLElement>('[data-foot] .btn.pri:not(:disabled)')?.focus();
    const first = document.activeElement;
    // What the dialog asks may still be on its way.
    observer = new MutationObserver(() => {
      if (document.activeElement !== first || focusField()) observer?.disconnect();
    });
    observer.observe(dialog, { childList: true, subtree: true });
  }
  return () => {
    observer?.disconnect();
    dialog.close();
    void restoreFocus([opener, outside]);
  };
};

/** Of radio buttons the selected one is the field. */
function firstField(dialog: HTMLElement): HTMLElement | null {
  const content = dialog.querySelector('[data-content]');
  if (!content) return null;
  const wanted = content.querySelector<HTMLElement>('[autofocus]');
  if (wanted) return wanted;
  const field = [...content.querySelectorAll<HTMLInputElement>(FIELD)].find((one) => one.getClientRects().length > 0);
  if (field?.type !== 'radio') return field ?? null;
  return content.querySelector<HTMLElement>(`input[name="${CSS.escape(field.name)}"]:checked`) ?? field;
}

/** Enter in a field that no form submits: presses the primary button of the dialog, never one that destroys something. */
export function submitOnEnter(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const field = event.target as HTMLElement;
  if (event.key !== 'Enter' || event.defaultPrevented || event.isComposing) return;
  if (!(field instanceof HTMLInputElement) || field.form) return;
  const button = event.currentTarget.querySelector<HTMLButtonElement>('[data-foot] .btn.pri:not(:disabled)');
  if (!button) return;
  event.preventDefault();
  button.click();
}
