import { describe, expect, it } from 'vitest';
import { ScrollPlaces } from './scroll-places';

/** An element that is as long as `length` says. */
function scroller(length: () => number): HTMLElement {
  const element = document.createElement('div');
  let top = 0;
  Object.defineProperty(element, 'scrollTop', {
    get: () => top,
    set: (value: number) => (top = Math.max(0, Math.min(value, length()))),
  });
  return element;
}

const rendered = (): Promise<void> => new Promise((done) => setTimeout(done));

describe('places of screens', () => {
  it('screen_opens_at_the_top_the_first_time_and_later_where_it_was_left', async () => {
    const places = new ScrollPlaces();
    const element = scroller(() => 1000);
    element.scrollTop = 400;
    places.keep('backups', 400);
    places.restore('rules', element);
    expect(element.scrollTop).toBe(0);
    places.keep('rules', 0);
    places.restore('backups', element);
    await rendered();
    expect(element.scrollTop).toBe(400);
  });

  it('place_is_restored_when_the_content_has_arrived', async () => {
    let length = 0;
    const places = new ScrollPlaces();
    const element = scroller(() => length);
    places.keep('backups', 300);
    places.restore('backups', element);
    await rendered();
    expect(element.scrollTop).toBe(0);
    length = 1000;
    element.append(document.createElement('p'));
    await rendered();
    expect(element.scrollTop).toBe(300);
  });

  it('person_who_scrolls_before_the_content_has_arrived_is_left_alone', async () => {
    let length = 100;
    const places = new ScrollPlaces();
    const element = scroller(() => length);
    places.keep('backups', 300);
    places.restore('backups', element);
    await rendered();
    element.dispatchEvent(new Event('wheel'));
    element.scrollTop = 50;
    length = 1000;
    element.append(document.createElement('p'));
    await rendered();
    expect(element.scrollTop).toBe(50);
  });
});
