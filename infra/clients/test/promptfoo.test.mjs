// promptfoo by its command line, with nothing but the server within its reach.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { url } from './support.mjs';

const folder = path.resolve(import.meta.dirname, '../promptfoo');
const nowhere = 'http://127.0.0.1:9';

test('an evaluation by promptfoo passes', async () => {
  const home = await mkdtemp(path.join(tmpdir(), 'promptfoo-'));
  const output = path.join(home, 'results.json');
  try {
    await promisify(execFile)(process.execPath, [
      'node_modules/promptfoo/dist/src/entrypoint.js', 'eval', '--config', 'promptfooconfig.yaml',
      '--no-cache', '--no-write', '--no-table', '--no-progress-bar', '--output', output,
    ], {
      cwd: folder,
      env: {
        PATH: process.env.PATH, HOME: home, PARLEY_URL: url,
        PROMPTFOO_CONFIG_DIR: home, PROMPTFOO_DISABLE_TELEMETRY: '1', PROMPTFOO_DISABLE_UPDATE: '1',
        PROMPTFOO_DISABLE_REMOTE_GENERATION: '1', PROMPTFOO_FAILED_TEST_EXIT_CODE: '0',
        HTTP_PROXY: nowhere, HTTPS_PROXY: nowhere, NO_PROXY: '127.0.0.1',
      },
    });
    const { results } = JSON.parse(await readFile(output, 'utf8'));
    assert.deepEqual(
      results.results.filter(result => !result.success).map(({ provider, testCase, error }) => [provider.label, testCase.description, error]),
      []);
    assert.equal(results.stats.successes, 12, 'two prompts to two providers in three cases');
    assert.ok(results.stats.tokenUsage.total > 0);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
