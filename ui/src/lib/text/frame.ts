// Texts of the frame: bar, menu, banners, palette, and the dialogs that any screen can open.
export const text = {
  lazy: {
    title: 'Not loaded',
    failed: 'This part of the window could not be loaded.',
    hint: 'Retry. If the panel was just updated, restart it.',
  },
} as const;
