// The window's clock: one tick a second for every age and countdown on screen, none while the window is hidden.

class Clock {
  now = $state(Date.now());
  #timer: ReturnType<typeof setTimeout> | undefined;

  start(): () => void {
    const tick = (): void => {
      this.now = Date.now();
      clearTimeout(this.#timer);
      // On the full second, so that all countdowns step together.
      if (!document.hidden) this.#timer = setTimeout(tick, 1000 - (this.now % 1000) + 5);
    };
    tick();
    document.addEventListener('visibilitychange', tick);
    window.addEventListener('focus', tick);
    return () => {
      clearTimeout(this.#timer);
      document.removeEventListener('visibilitychange', tick);
      window.removeEventListener('focus', tick);
    };
  }
}

export const clock = new Clock();
