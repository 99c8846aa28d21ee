import { expect, test } from 'vitest';
import type { BackupDashboard } from '../../lib/contract';
import { matchesSearch } from './search';

test('search_matches_every_term_in_title_uid_folder_or_tags', () => {
  const dashboard = { title: 'Tenant costs', uid: 'tc-1', folder: ['RAG', 'Billing'], tags: ['finance'] };
  const found = (search: string): boolean => matchesSearch(dashboard as BackupDashboard, search);
  expect(['', 'COSTS billing', 'tc-1 finance'].map(found)).toEqual([true, true, true]);
  expect(found('costs ingress')).toBe(false);
});
