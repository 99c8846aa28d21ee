// @vitest-environment node
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compileErrors } from './contract-check';
import { moveTimes, replay } from './recorded';
import type { RecordingFile } from './recording';

const here = dirname(fileURLToPath(import.meta.url));
const folder = join(here, 'recorded');
const names = readdirSync(folder);

/** A recording as a literal of its type, so that missing, unknown and misspelt values are errors. */
const asSource = (json: string): string =>
  `import type { RecordingFile } from './recording';\nexport const file: RecordingFile = ${json};\n`;

describe('recorded replies', () => {
  it('have the fields and values of the contract', { timeout: 60_000 }, () => {
    const sources = new Map(
      names.map((name) => [join(here, `${name}.ts`), asSource(readFileSync(join(folder, name), 'utf8'))]),
    );
    expect(compileErrors(sources)).toEqual([]);
  });
  it('fail the comparison with the contract when a value is not in it', { timeout: 60_000 }, () => {
    const wrong = `{ recordedAt: 0, replies: { backup_diff: { a: { text: 1 } }, about: { b: { version: '1' } } } }`;
    const unknown = '{ recordedAt: 0, replies: { nope: {} } }';
    const errors = compileErrors(
      new Map([
        [join(here, 'wrong.ts'), asSource(wrong)],
        [join(here, 'unknown.ts'), asSource(unknown)],
      ]),
    ).join('\n');
    expect(errors).toContain("Type 'number' is not assignable to type 'string'");
    expect(errors).toContain('missing the following properties');
    expect(errors).toContain("'nope' does not exist");
  });
  it('have a recording time, and are unique per command and situation', () => {
    const seen = new Set<string>();
    for (const name of names) {
      const file = JSON.parse(readFileSync(join(folder, name), 'utf8')) as RecordingFile;
      expect(new Date(file.recordedAt).getUTCFullYear(), name).toBeGreaterThan(2020);
      for (const [command, situations] of Object.entries(file.replies))
        for (const situation of Object.keys(situations)) {
          expect(seen.has(`${command} ${situation}`), `${command} ${situation}`).toBe(false);
          seen.add(`${command} ${situation}`);
        }
    }
  });
  it('are replayed with only their times moved', () => {
    const first = replay('pins_history', 'loaded', 1_800_000_000_000);
    const later = replay('pins_history', 'loaded', 1_800_000_060_000);
    expect(later.changes.map((c) => c.at)).toEqual(first.changes.map((c) => c.at + 60_000));
    expect(moveTimes({ bytes: 1_423_000_000, at: 1_800_000_000_000, text: '1', none: null }, 5)).toEqual({
      bytes: 1_423_000_000,
      at: 1_800_000_000_005,
      text: '1',
      none: null,
    });
  });
});
