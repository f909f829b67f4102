// coder-users openapi: writes the API's description, which the routes themselves yield.
import { writeFileSync } from 'node:fs';
import pino from 'pino';
import { buildApp } from '../app.ts';
import { systemClock } from '../clock.ts';
import { readConfig } from '../config.ts';
import { createSecretBox } from '../crypto/secret-box.ts';
import { apiDocumentText } from '../http/openapi.ts';
import { NO_PROVIDERS } from '../idp/providers.ts';
import { createMailer } from '../mail/mailer.ts';
import { StartError } from '../start-error.ts';
import { connect } from '../store/db.ts';
import type { Command } from './command.ts';

/** The document as text. No database is needed: the pool never connects. */
async function document(): Promise<string> {
  const config = readConfig({});
  const log = pino({ level: 'silent' });
  const { pool, db } = connect({ url: 'postgres://localhost/none', pooled: false }, log);
  const mailer = createMailer(null, log);
  const app = await buildApp({
    config,
    db,
    pool,
    log,
    clock: systemClock,
    mailer,
    secretBox: createSecretBox([]),
    idp: NO_PROVIDERS,
  });
  try {
    return apiDocumentText(app);
  } finally {
    await app.close();
    await pool.end();
  }
}

export const openapiCommand: Command = {
  summary: 'Write the OpenAPI 3.1 document of the API.',
  options: { output: { value: 'FILE', help: 'where to write it (default: standard output)' } },
  examples: ['openapi --output openapi.json'],
  async run({ flags: { output } }) {
    const text = await document();
    if (output === undefined) {
      // A pipe takes the text in parts: the process must not end before the last one.
      await new Promise<void>((resolve) => process.stdout.write(text, () => resolve()));
      return;
    }
    try {
      writeFileSync(output, text);
    } catch (err) {
      throw new StartError(`The file ${output} cannot be written: ${(err as Error).message}`);
    }
  },
};
