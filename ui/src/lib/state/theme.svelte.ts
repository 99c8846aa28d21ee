// Light, dark, system: `data-theme` on the root is what the tokens follow. The last choice is remembered in the
// window too, so that the first paint is right before the snapshot is there.
import type { FigureStyle, Theme } from '../contract';
import { utcOffsetMinutes } from '../format/time';

class Appearance {
  /** The theme in force. */
  dark = $state(true);
  #choice: Theme = 'system';
  #system = window.matchMedia('(prefers-color-scheme: light)');

  start(): () => void {
    const saved = localStorage.getItem('aether-theme');
    this.choose(saved === 'dark' || saved === 'light' ? saved : 'system');
    const follow = (): void => this.choose(this.#choice);
    this.#system.addEventListener('change', follow);
    return () => this.#system.removeEventListener('change', follow);
  }

  choose(theme: Theme): void {
    this.#choice = theme;
    localStorage.setItem('aether-theme', theme);
    this.dark = theme === 'system' ? !this.#system.matches : theme === 'dark';
    document.documentElement.dataset.theme = this.dark ? 'dark' : 'light';
  }
}

export const appearance = new Appearance();

/** Colours of a figure, read from the tokens in force. `line` is a token's name. */
export function figureStyle(width: number, height: number, line: string, now: number): FigureStyle {
  const tokens = getComputedStyle(document.documentElement);
  const colour = (name: string): string => {
    const text = tokens.getPropertyValue(name).trim();
    // A minified style sheet writes #bb2222 as #b22.
    const long = /^#[0-9a-f]{3}$/i.test(text) ? text.replace(/[0-9a-f]/gi, '$&$&') : text;
    return /^#[0-9a-f]{6}$/i.test(long) ? long : '#808080';
  };
  return {
    width: Math.round(Math.min(4000, Math.max(120, width))),
    height: Math.round(Math.min(2000, Math.max(40, height))),
    line: colour(line),
    grid: colour('--plot-grid'),
    text: colour('--plot-text'),
    warn: colour('--warn-draw'),
    critical: colour('--crit-draw'),
    ok: colour('--ok-draw'),
    utcOffsetMinutes: utcOffsetMinutes(now),
  };
}
