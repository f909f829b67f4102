// coder-users import: brings everything from the database of an existing deployment.
import { readFileSync } from 'node:fs';
import { readConfig } from '../config.ts';
import { type MoveInReport, moveIn } from '../import/move-in.ts';
import { createUnseal } from '../import/reference-keys.ts';
import { createLog } from '../log.ts';
import { StartError } from '../start-error.ts';
import { connect } from '../store/db.ts';
import { type Command, UsageError } from './command.ts';
import { POSTGRES_URL_OPTION, prepareDatabase, withCleanup, withDatabaseUrl } from './database.ts';
import { barText, conflictLines, reportLines } from './import-report.ts';
import { startProgress } from './progress.ts';
import { complain, inOneLine, say } from './say.ts';
import { openSecretBox, refuseLostKeys } from './secret-box.ts';

/** The value of an option, or what the file holds that it names: command lines can be read by others. */
function valueOrFile(value: string | undefined): string | undefined {
  if (!value?.startsWith('@')) return value;
  try {
    return readFileSync(value.slice(1), 'utf8').trim();
  } catch (err) {
    throw new StartError(`Cannot read ${value.slice(1)}: ${(err as Error).message}`);
  }
}

function finish(report: MoveInReport, isDryRun: boolean): void {
  if (report.outcome === 'conflicts') {
    for (const line of conflictLines(report.conflicts)) complain(inOneLine(line));
    throw new StartError(
      `Nothing was written: ${report.conflicts.length} conflicts are in the way. Rename or remove one of each, and run it again.`,
    );
  }
  for (const line of reportLines(report, isDryRun)) say(inOneLine(line));
}

export const importCommand: Command = {
  summary: 'Bring everything from the database of an existing Coder deployment.',
  options: {
    from: { value: 'URL|@FILE', help: 'the database to read, or a file that holds its URL (required)' },
    'encryption-keys': {
      value: 'KEYS|@FILE',
      help: 'its CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS, when it encrypts, or a file that holds them',
    },
    'dry-run': { help: 'say what would come and what would be left out, and write none of it' },
    continue: { help: 'bring what is new there since the last import' },
    'postgres-url': POSTGRES_URL_OPTION,
  },
  examples: [
    'import --from postgres://coder@db.internal/coder --dry-run',
    'import --from @/run/secrets/old-database --encryption-keys @/run/secrets/old-keys',
    'import --from postgres://coder@db.internal/coder --continue',
  ],
  notes: `Reads in one read-only transaction and writes in one: an import that is stopped leaves nothing. Servers may be running on
both sides. docs/moving-in.md tells what comes, what does not, and what counts when both sides changed.`,
  async run({ env, flags, switches }) {
    const from = valueOrFile(flags.from);
    if (from === undefined) throw new UsageError('--from is missing');
    const unseal = createUnseal(valueOrFile(flags['encryption-keys']));
    const config = readConfig(withDatabaseUrl(env, flags['postgres-url']));
    const { log } = createLog({ level: 'warn' }, { human: true, fd: 2 });
    // What the server warns about at its start is none of the command's business.
    const quiet = log.child({}, { level: 'error' });
    await withCleanup(async (onClose) => {
      const { target } = await prepareDatabase(config, log, onClose, {
        mayJoin: true,
        mayCreate: true,
        inspect: (url) => refuseLostKeys(config, quiet, url),
      });
      const { pool, db } = connect(target, log, { size: 1 });
      const box = await openSecretBox(config, quiet, db);
      await pool.end();
      const isDryRun = switches.has('dry-run');
      const progress = startProgress();
      const report = await moveIn({
        from,
        to: config.postgres.directUrl ?? target.url,
        mode: switches.has('continue') ? 'continue' : 'first',
        isDryRun,
        unseal,
        box,
        onProgress: (done, total) => progress.show(() => barText(done, total)),
      }).finally(progress.end);
      finish(report, isDryRun);
    });
  },
};
