// Texts of the SLO screen.

export const text = {
  heading: 'SLOs',
  updated: 'updated',
  about: 'Share of time within target while there was traffic. Time without traffic does not count.',
  reference: 'SLO reference',
  tuning: 'Tuning guide',
  noneTitle: 'No gauges',
  none: 'Define gauges in the stack’s profile.',
  target: (comparison: string, value: string): string => `target ${comparison} ${value}`,
  neverLoaded: 'never loaded',
  noValue: 'no value',
  guarded: (length: string): string => `${length} with traffic`,
  reach: (length: string): string => `data for ${length} only`,
  figure: (title: string): string => `${title}, last 30 days`,
} as const;
