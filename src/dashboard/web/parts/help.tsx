import { useEffect, useRef } from 'preact/hooks';
import { useDashboard } from '../model/dashboard-context.js';
import { SHORTCUTS } from '../model/shortcuts.js';
import { Icon } from './icon.js';

/** The dialog with the keyboard shortcuts and the version of noex. */
export function Help() {
  const { isHelpOpen, live } = useDashboard();
  const dialog = useRef<HTMLDialogElement>(null);
  const isOpen = isHelpOpen.value;
  const close = (): void => {
    isHelpOpen.value = false;
  };
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  return (
    <dialog class="help" ref={dialog} aria-labelledby="help-title" onClose={close}>
      <header>
        <h2 id="help-title">Keys</h2>
        <button type="button" class="tool" onClick={close}>
          <Icon name="close" />
          <span class="visually-hidden">Close</span>
        </button>
      </header>
      <dl>
        {SHORTCUTS.map(([keys, meaning]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <p>This dashboard is read-only: it cannot stop or change a process. noex {live.version.value}</p>
    </dialog>
  );
}
