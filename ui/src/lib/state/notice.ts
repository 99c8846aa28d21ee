// Notifications of the panel, shown in the window too, with a short sound if the settings ask for it.
import type { Notice } from '../contract';
import { follow } from './follow';
import { panel } from './panel.svelte';
import { ui } from './ui.svelte';
import { text } from '../text/actions';

export function tellNotice(notice: Notice): void {
  ui.notify(
    notice.level === 'ok' ? 'ok' : notice.level === 'critical' ? 'crit' : 'none',
    notice.text ? `${notice.title} – ${notice.text}` : notice.title,
    undefined,
    notice.screen === 'alerts' && notice.filter
      ? {
          label: text.openAlert,
          brief: true,
          run: () => void follow({ screen: notice.screen, filter: notice.filter, query: '' }),
        }
      : undefined,
  );
  if (panel.snapshot?.settings.sound) beep(notice.level === 'critical' ? 880 : 440);
}

/** Two short tones; nothing where the machine has no sound. */
function beep(hertz: number): void {
  try {
    const audio = new AudioContext();
    for (const [begin, pitch] of [
      [0, hertz],
      [0.18, hertz * 0.8],
    ] as const) {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.0001, audio.currentTime + begin);
      volume.gain.exponentialRampToValueAtTime(0.15, audio.currentTime + begin + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + begin + 0.15);
      tone.connect(volume).connect(audio.destination);
      tone.start(audio.currentTime + begin);
      tone.stop(audio.currentTime + begin + 0.16);
      if (begin > 0) tone.onended = () => void audio.close();
    }
  } catch {
    // A notice that is seen is enough.
  }
}
