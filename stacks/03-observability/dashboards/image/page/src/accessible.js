// What axe misses in Perses's own parts, added to their elements: a name, and a way in by keyboard.
import { useEffect } from 'react';

// Of @perses-dev/dashboards 0.52.0: an icon alone, and a text that can be scrolled by mouse only.
const UNNAMED = {
  '#download-dashboard-button': 'download dashboard',
  '[role="dialog"] .cm-content': 'JSON of the dashboard',
};
// Of the same: a menu in a menu, of which the outer one is none.
const NO_MENU = '#download-dashboard-formats .MuiMenu-list';
// Of @perses-dev/bar-chart-plugin 0.9.1: more bars than there is room for can be scrolled to, by mouse.
const BOXES = '[data-testid="panel"] .MuiBox-root';
const EDITOR = '[role="dialog"] .cm-scroller';
const REACHED = 'a[href], button, input, [tabindex]';

/** Keep it so while panels come and go. */
export function useAccessibleParts() {
  useEffect(() => {
    let planned = 0;
    const plan = () => {
      planned ||= requestAnimationFrame(() => {
        planned = 0;
        complete();
      });
    };
    const watcher = new MutationObserver(plan);
    watcher.observe(document.body, { childList: true, subtree: true });
    addEventListener('resize', plan);
    plan();
    return () => {
      watcher.disconnect();
      removeEventListener('resize', plan);
      cancelAnimationFrame(planned);
    };
  }, []);
}

function complete() {
  for (const [selector, name] of Object.entries(UNNAMED)) {
    document.querySelector(selector)?.setAttribute('aria-label', name);
  }
  document.querySelector(NO_MENU)?.setAttribute('role', 'group');
  const editor = document.querySelector(EDITOR);
  if (editor) {
    editor.tabIndex = 0;
  }
  for (const box of document.querySelectorAll(BOXES)) {
    if (isScrolled(box) && !box.querySelector(REACHED)) {
      box.tabIndex = 0;
      box.role = 'group';
      box.ariaLabel = box.closest('[data-testid="panel"]').querySelector('[id$="-header-title"]')?.textContent ?? 'panel';
    }
  }
}

function isScrolled(box) {
  const { overflowY } = getComputedStyle(box);
  return box.scrollHeight > box.clientHeight && (overflowY === 'auto' || overflowY === 'scroll');
}
