import { describe, expect, it } from 'vitest';
import { alertTitle } from './alert';

describe('the title of an alert', () => {
  it('is its name', () => expect(alertTitle({ name: 'DiskFull', labels: { job: 'x' } })).toBe('DiskFull'));
  it('lists its labels when it has no name', () =>
    expect(alertTitle({ name: '', labels: { alertname: '', instance: 'a:1', 'größe.cm': '9' } })).toBe(
      '{instance="a:1", "größe.cm"="9"}',
    ));
  it('is a placeholder without name and labels', () =>
    expect(alertTitle({ name: '', labels: {} })).toBe('(no labels)'));
});
