import { expect, test } from 'vitest';
import type { RunbookView } from '../../lib/contract';
import { arrange } from './sections';

const view = (source: RunbookView['source'], ...titles: string[]): RunbookView =>
  ({ source, sections: titles.map((title) => ({ title, markdown: '' })) }) as unknown as RunbookView;
const titles = (sections: { title: string }[]): string[] => sections.map((s) => s.title);

test('runbook_shows_escalation_meaning_and_impact_beside_its_steps', () => {
  const page = arrange(view('bundled', 'Meaning', 'Impact', 'Diagnosis', 'Mitigation', 'Escalation'));
  expect(page.diagnosis?.title).toBe('Diagnosis');
  expect(titles(page.main)).toEqual(['Mitigation']);
  expect(titles(page.aside)).toEqual(['Escalation', 'Meaning', 'Impact']);
});

test('document_keeps_its_own_order', () => {
  const page = arrange(view('document', 'Impact', 'Escalation'));
  expect([titles(page.main), page.aside, page.diagnosis]).toEqual([['Impact', 'Escalation'], [], null]);
});
