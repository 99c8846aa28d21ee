// Faults of the layout, measured in the page as it stands, as lines of text.

/** The smallest window, the same at 150 % of 1280 × 800, the usual one and a large one. */
export const SIZES = [
  { width: 853, height: 533 },
  { width: 960, height: 600 },
  { width: 1280, height: 800 },
  { width: 1920, height: 1080 },
];

/**
 * - Content that scrolls sideways, unless it is declared (`data-scroll-x`).
 * - Controls that the window or an element around them cuts, and controls that cover each other.
 * - Text that is cut without an ellipsis or a title, or that has room for its ellipsis only.
 */
export const layoutFaults = (page) => page.evaluate(measure);

function measure() {
  const SLACK = 1.5;
  const CONTROL =
    'a[href], button, input:not([type="hidden"]), select, textarea, summary, [tabindex="0"], [role="option"], [role="menuitem"]';
  /** What is laid over others on purpose, and moves or closes. */
  const LAYER = '[role="menu"], [role="listbox"], .suggestions, .tip';
  /** Narrower than this an ellipsis stands for everything. */
  const LEAST_TEXT = 28;
  const faults = new Set();
  const modal = [...document.querySelectorAll('dialog:modal')].at(-1);
  const root = modal ?? document.body;
  const styles = new Map();
  const styleOf = (element) => {
    let style = styles.get(element);
    if (!style) styles.set(element, (style = getComputedStyle(element)));
    return style;
  };
  const name = (element) => {
    const id = element.closest('[data-testid]')?.dataset.testid ?? '';
    const own = element.getAttribute('aria-label') ?? element.textContent.trim().replace(/\s+/g, ' ');
    return `${id ? `[${id}] ` : ''}${element.localName}.${String(element.className.baseVal ?? element.className)
      .replace(/\s*svelte-\w+/g, '')
      .trim()
      .replace(/\s+/g, '.')} “${own.slice(0, 40)}”`;
  };
  const hiddenForEyes = (element) => {
    for (let e = element; e && e !== document.body; e = e.parentElement) {
      const style = styleOf(e);
      if (style.visibility === 'hidden' || style.opacity === '0' || style.display === 'none') return true;
      // Text for screen readers only.
      if (style.clipPath !== 'none' && e.clientWidth <= 1) return true;
      if (e.localName === 'details' && !e.open && e !== element.closest('summary')?.parentElement) return true;
    }
    return false;
  };
  /** Elements around one that cut what reaches over them, the nearest first. */
  const around = (element) => {
    const list = [];
    let escapes = styleOf(element).position;
    for (let e = element.parentElement; e && e !== document.documentElement; e = e.parentElement) {
      if (escapes === 'fixed') break;
      const style = styleOf(e);
      if (escapes === 'absolute' && style.position === 'static') continue;
      escapes = style.position;
      // An inline box cuts nothing.
      if (style.display !== 'inline' && (style.overflowX !== 'visible' || style.overflowY !== 'visible'))
        list.push({ e, style });
      if (e === modal) break;
    }
    return list;
  };
  const box = (e) => {
    const r = e.getBoundingClientRect();
    return {
      left: r.left + e.clientLeft,
      top: r.top + e.clientTop,
      right: r.left + e.clientLeft + e.clientWidth,
      bottom: r.top + e.clientTop + e.clientHeight,
    };
  };
  /** A title that has the text; others say something else. */
  const titled = (element, node) => element.closest('[title]')?.title.includes(node.data.trim().slice(0, 12)) ?? false;
  const scrolls = (value) => value === 'auto' || value === 'scroll';
  /** What is seen of a rectangle, and what cuts it for good. */
  const look = (element, rect) => {
    const seen = { left: rect.left, top: rect.top, right: rect.right, bottom: rect.bottom };
    let cutX = null;
    let cutY = null;
    let [freeX, freeY] = [false, false];
    for (const { e, style } of around(element)) {
      const b = box(e);
      if (!freeX && (seen.left < b.left - SLACK || seen.right > b.right + SLACK)) {
        if (scrolls(style.overflowX)) freeX = true;
        else if (style.overflowX !== 'visible') cutX ??= e;
      }
      if (!freeY && (seen.top < b.top - SLACK || seen.bottom > b.bottom + SLACK)) {
        if (scrolls(style.overflowY)) freeY = true;
        else if (style.overflowY !== 'visible') cutY ??= e;
      }
      seen.left = Math.max(seen.left, b.left);
      seen.right = Math.min(seen.right, b.right);
      seen.top = Math.max(seen.top, b.top);
      seen.bottom = Math.min(seen.bottom, b.bottom);
      if (seen.right <= seen.left || seen.bottom <= seen.top) break;
    }
    return { seen, cutX, cutY, visible: seen.right - seen.left > 1 && seen.bottom - seen.top > 1 };
  };

  for (const e of [document.documentElement, ...root.querySelectorAll('*')]) {
    if (e.scrollWidth <= e.clientWidth + 1 || e.clientWidth === 0) continue;
    const style = styleOf(e);
    if (e !== document.documentElement && !scrolls(style.overflowX)) continue;
    if (e.closest('[data-scroll-x]') || e.matches('input, textarea')) continue;
    faults.add(`scrolls sideways by ${e.scrollWidth - e.clientWidth} px: ${name(e)}`);
  }

  const shown = [];
  for (const e of root.querySelectorAll(CONTROL)) {
    if (e.matches('.skip, #main') || hiddenForEyes(e)) continue;
    const rect = e.getBoundingClientRect();
    if (rect.width <= 1 || rect.height <= 1) {
      // A control without a size can't be clicked.
      if (!e.matches('input')) faults.add(`has no size: ${name(e)}`);
      continue;
    }
    const { seen, cutX, cutY, visible } = look(e, rect);
    if (cutX) faults.add(`is cut sideways by ${name(cutX).split(' “')[0]}: ${name(e)}`);
    if (cutY) faults.add(`is cut by ${name(cutY).split(' “')[0]}: ${name(e)}`);
    if (!visible) continue;
    if (seen.left < -SLACK || seen.right > innerWidth + SLACK || seen.top < -SLACK || seen.bottom > innerHeight + SLACK)
      faults.add(`reaches out of the window: ${name(e)}`);
    if (!e.matches('[tabindex="0"]:not(button, a, input, [role="row"])'))
      shown.push({ e, seen, layer: e.closest(LAYER) });
  }
  shown.sort((a, b) => a.seen.top - b.seen.top);
  shown.forEach((one, i) => {
    for (let j = i + 1; j < shown.length && shown[j].seen.top < one.seen.bottom - SLACK; j += 1) {
      const other = shown[j];
      if (one.layer !== other.layer || one.e.contains(other.e) || other.e.contains(one.e)) continue;
      const width = Math.min(one.seen.right, other.seen.right) - Math.max(one.seen.left, other.seen.left);
      const height = Math.min(one.seen.bottom, other.seen.bottom) - Math.max(one.seen.top, other.seen.top);
      if (width > SLACK && height > SLACK) faults.add(`covers ${name(other.e)}: ${name(one.e)}`);
    }
  });

  const range = document.createRange();
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const parent = node.parentElement;
    if (!parent || node.data.trim() === '' || parent.closest('svg, style, script, select, [aria-hidden="true"]'))
      continue;
    if (hiddenForEyes(parent)) continue;
    range.selectNodeContents(node);
    const rect = range.getBoundingClientRect();
    if (rect.width === 0) continue;
    // The element itself may be what cuts its text.
    const own = styleOf(parent);
    const cutters = [
      ...(own.display !== 'inline' && (own.overflowX !== 'visible' || own.overflowY !== 'visible')
        ? [{ e: parent, style: own }]
        : []),
      ...around(parent),
    ];
    for (const { e, style } of cutters) {
      const b = box(e);
      if (scrolls(style.overflowX) && scrolls(style.overflowY)) break;
      if (b.right - b.left <= 1 && style.clipPath !== 'none') break;
      const outX = rect.left < b.left - SLACK || rect.right > b.right + SLACK;
      const outY = rect.top < b.top - 3 || rect.bottom > b.bottom + 3;
      if (outX && style.overflowX !== 'visible' && !scrolls(style.overflowX)) {
        if (style.textOverflow === 'ellipsis' || style.webkitLineClamp !== 'none') {
          if (b.right - b.left < LEAST_TEXT)
            faults.add(`has room for ${Math.round(b.right - b.left)} px of text: ${name(parent)}`);
        } else if (!titled(parent, node))
          faults.add(`text is cut sideways by ${name(e).split(' “')[0]}: ${name(parent)}`);
        break;
      }
      if (outY && style.overflowY !== 'visible' && !scrolls(style.overflowY)) {
        if (style.webkitLineClamp === 'none' && !titled(parent, node))
          faults.add(`text is cut by ${name(e).split(' “')[0]}: ${name(parent)}`);
        break;
      }
      if (scrolls(style.overflowY)) break;
    }
  }
  return [...faults];
}
