import { describe, expect, test } from 'vitest';
import { fail } from './fake-panel';
import { FileChange } from './file-change.svelte';

const made = (
  apply: (...sent: [string, string, string]) => string = () => 'written',
): FileChange<string, { digest: string }, string> =>
  new FileChange(
    (change: string) => Promise.resolve({ digest: `digest of ${change}` }),
    (...sent) => new Promise((done) => done(apply(...sent))),
  );

describe('a change of files', () => {
  test('what was shown is written, with its digest and the reason', async () => {
    const sent: string[][] = [];
    const change = made((...request) => {
      sent.push(request);
      return 'written';
    });
    await change.preview('image v2');
    change.reason = 'Security fix';
    expect(await change.apply()).toBe(true);
    expect(sent).toEqual([['image v2', 'digest of image v2', 'Security fix']]);
    expect(change.result).toBe('written');
  });
  test('nothing is written without a plan and a reason', async () => {
    let writes = 0;
    const change = made(() => `${(writes += 1)}`);
    change.reason = 'x';
    expect(await change.apply()).toBe(false);
    await change.preview('a');
    change.reason = '  ';
    expect(await change.apply()).toBe(false);
    change.reason = 'x';
    change.back();
    expect(await change.apply()).toBe(false);
    expect(writes).toBe(0);
  });
  test('a rejected write drops the plan and keeps the reason', async () => {
    const change = made(() => fail({ code: 'conflict' as never, message: 'The file changed.' }));
    await change.preview('a');
    change.reason = 'Security fix';
    expect(await change.apply()).toBe(false);
    expect([change.plan, change.error?.message, change.reason, change.busy]).toEqual([
      null,
      'The file changed.',
      'Security fix',
      false,
    ]);
  });
  test('a second press while one is running does nothing', async () => {
    let writes = 0;
    const change = made(() => `${(writes += 1)}`);
    await change.preview('a');
    change.reason = 'x';
    await Promise.all([change.apply(), change.apply()]);
    expect(writes).toBe(1);
  });
});
