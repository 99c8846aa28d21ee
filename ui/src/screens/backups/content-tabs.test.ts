import { expect, test } from 'vitest';
import type { BackupDetail } from '../../lib/contract';
import { contentTabs, firstTab, otherParts } from './content-tabs';

const detail = (more: object): BackupDetail =>
  ({ dashboards: [], blocks: [], files: [], ...more }) as unknown as BackupDetail;

test('backup_without_a_part_has_no_tab_for_it', () => {
  const files = [{ path: 'configs/prometheus.yml' }, { path: 'prometheus/flags.json' }];
  expect(contentTabs(detail({ files })).map((t) => [t.id, t.n])).toEqual([
    ['configs', 1],
    ['compare', null],
    ['files', 2],
    ['manifest', null],
  ]);
});

test('parts_of_grafana_beside_its_dashboards_share_a_tab', () => {
  const files = [{ path: 'grafana/playlists.json' }, { path: 'grafana/permissions.json' }];
  expect(otherParts(detail({ files }))).toEqual(['permissions', 'playlists']);
  expect(contentTabs(detail({ files })).map((t) => t.id)).toContain('other');
  expect(contentTabs(detail({})).map((t) => t.id)).not.toContain('other');
});

test('backup_opens_on_dashboards_then_on_data_then_on_files', () => {
  expect(firstTab(detail({ dashboards: [{}], blocks: [{}] }))).toBe('dashboards');
  expect(firstTab(detail({ blocks: [{}] }))).toBe('blocks');
  expect(firstTab(detail({}))).toBe('files');
});
