// The documents that a running server publishes, before the tools that people read them with.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { AvroSchemaParser } from '@asyncapi/avro-schema-parser'
import { Parser } from '@asyncapi/parser'

const here = join(dirname(fileURLToPath(import.meta.url)), '..')
const server = process.env.PARLEY_URL
assert.ok(server, 'PARLEY_URL names the server to test')

async function published(path) {
  const response = await fetch(new URL(path, server))
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'application/yaml')
  return response.text()
}

test('Redocly finds nothing wrong with /openapi.yaml', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-contracts-'))
  t.after(() => rm(folder, { recursive: true }))
  const document = join(folder, 'openapi.yaml')
  await writeFile(document, await published('/openapi.yaml'))

  // Lint fails on errors; warnings are asked for in the report.
  const cli = join(here, 'node_modules', '@redocly', 'cli', 'bin', 'cli.js')
  const args = [cli, 'lint', document, '--config', join(here, 'redocly.yaml'), '--format', 'json']
  const run = await promisify(execFile)(process.execPath, args, {
    env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
  }).catch((failure) => failure)

  const report = JSON.parse(run.stdout)
  assert.deepEqual(report.problems.map((problem) => `${problem.ruleId}: ${problem.message}`), [])
  assert.deepEqual(report.totals, { errors: 0, warnings: 0, ignored: 0 })
})

test('AsyncAPI\'s parser finds no error in /asyncapi.yaml, Avro schemas included', async () => {
  const parser = new Parser()
  parser.registerSchemaParser(AvroSchemaParser())

  const { document, diagnostics } = await parser.parse(await published('/asyncapi.yaml'))

  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 0)
  assert.deepEqual(errors.map((error) => `${error.path.join('/')}: ${error.message}`), [])
  assert.equal(document.version(), '3.0.0')
  assert.equal(document.channels().length, 14)
  for (const message of document.messages()) {
    assert.ok(message.payload(), message.name())
    assert.ok(message.headers(), message.name())
  }
})
