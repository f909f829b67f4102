// Moving in: everything that another deployment holds and this server has a place for, in one transaction.
import type pg from 'pg';
import type { SecretBox } from '../crypto/secret-box.ts';
import { BEGIN, UNHURRIED, withClient } from '../postgres/client.ts';
import { StartError } from '../start-error.ts';
import { pgErrorCode } from '../store/errors.ts';
import {
  adoptDefaultOrganization,
  bringHistory,
  countOwners,
  endWhatChangesEnd,
  endWhoWasEnded,
  requireOwner,
} from './accounts.ts';
import { applyRows, deleteRows } from './apply.ts';
import { BELONGINGS } from './belongings.ts';
import type { Kind } from './kind.ts';
import { MEMBERS, ORGANIZATIONS, PASSWORDS, USERS } from './people.ts';
import { type Act, type Conflict, countActs, findConflicts, nameRows, planRows, shapeRows } from './plan.ts';
import type { Unseal } from './reference-keys.ts';
import { type Source, type SourceDescription, withSource } from './source.ts';
import { countSourceRows, stageAll } from './stage.ts';

const KINDS: readonly Kind[] = [ORGANIZATIONS, USERS, PASSWORDS, MEMBERS, ...BELONGINGS];
/** Any number will do that no other program takes for its advisory lock in this database. */
const LOCK = 4_021_790_117;
const MARK = 'moved_in_from';
const NAMED = 20;
const UNIQUE_VIOLATION = '23505';

const BEGIN_MOVING = `${BEGIN}; ${UNHURRIED}; set local work_mem = '64MB'`;

export interface MoveIn {
  readonly from: string;
  /** Of the target, past a pooler. */
  readonly to: string;
  readonly mode: 'first' | 'continue';
  readonly isDryRun: boolean;
  readonly unseal: Unseal;
  readonly box: SecretBox;
  readonly onProgress: (done: number, total: number) => void;
}

export interface MovedKind {
  readonly title: string;
  readonly acts: ReadonlyMap<Act, number>;
  /** Some of those that changed on both sides. */
  readonly both: readonly string[];
}

export interface MoveInReport {
  readonly outcome: 'done' | 'conflicts' | 'came before';
  readonly source: SourceDescription;
  readonly kinds: readonly MovedKind[];
  readonly conflicts: readonly Conflict[];
  readonly notes: readonly string[];
}

async function sourceId({ client, description }: Source): Promise<string> {
  if (description.deploymentId !== undefined) return description.deploymentId;
  const { rows } = await client.query<{ id: string }>('select id::text as id from organizations order by id limit 1');
  return rows[0]?.id ?? '';
}

/** What the database remembers of an earlier import. @throws StartError when another deployment moved in, or none to go on from */
async function hasComeBefore(target: pg.Client, id: string, mode: MoveIn['mode']): Promise<boolean> {
  const { rows } = await target.query<{ value: string }>('select value from site_settings where key = $1', [MARK]);
  const before = rows[0]?.value;
  if (before !== undefined && before !== id)
    throw new StartError(`Another deployment has moved into this database (${before}); there is room for one.`);
  if (before === undefined && mode === 'continue')
    throw new StartError('There is nothing to continue: this deployment has not moved in yet. Leave --continue out.');
  return before !== undefined;
}

async function rememberMove(target: pg.Client, id: string, deploymentId: string | undefined): Promise<void> {
  const { rowCount } = await target.query(
    'insert into site_settings (key, value) values ($1, $2) on conflict (key) do nothing',
    [MARK, id],
  );
  if (rowCount === 0 || deploymentId === undefined) return;
  await target.query(`update site_settings set value = $1 where key = 'deployment_id'`, [deploymentId]);
}

async function notesOn(target: pg.Client, owners: number, { isOneTimeTold }: SourceDescription): Promise<string[]> {
  const { rows } = await target.query<{ odd: string; empty: string; forms: string }>(`
    select (select count(*) from old_autofill) as forms,
      (select count(*) from new_users where login_type = 'password' and not deleted and hashed_password <> ''
        and hashed_password !~ '^\\$(pbkdf2-sha256|argon2id)\\$') as odd,
      (select count(*) from old_api_keys where cardinality(allow_list::text[]) = 0) as empty`);
  const { odd, empty, forms } = rows[0] ?? { odd: '0', empty: '0', forms: '0' };
  return [
    ...(odd === '0'
      ? []
      : [`${odd} passwords are hashed in a way that is not known here: their owners have to reset them.`]),
    ...(empty === '0' ? [] : [`${empty} keys whose allow list is empty stayed behind: they allow nothing.`]),
    ...(isOneTimeTold || forms === '0'
      ? []
      : [`Nothing there tells which of the ${forms} form values were for one build only: all of them came.`]),
    ...(owners > 0 ? [] : ['No owner can sign in yet: make one with coder-users create-admin-user.']),
  ];
}

async function planAll(target: pg.Client, kinds: readonly Kind[]): Promise<Conflict[]> {
  for (const kind of KINDS) {
    await shapeRows(target, kind);
    if (kind === ORGANIZATIONS) await adoptDefaultOrganization(target);
  }
  const conflicts: Conflict[] = [];
  for (const kind of kinds) {
    await planRows(target, kind);
    conflicts.push(...(await findConflicts(target, kind)));
  }
  return conflicts;
}

async function applyAll(target: pg.Client, kinds: readonly Kind[]): Promise<number> {
  const before = await countOwners(target);
  for (const kind of kinds.toReversed()) await deleteRows(target, kind);
  for (const kind of kinds) await applyRows(target, kind);
  await bringHistory(target);
  await endWhoWasEnded(target);
  await endWhatChangesEnd(target);
  const after = await countOwners(target);
  requireOwner(before, after);
  return after;
}

async function describeKinds(target: pg.Client, kinds: readonly Kind[]): Promise<MovedKind[]> {
  const described: MovedKind[] = [];
  for (const kind of kinds) {
    const acts = await countActs(target, kind);
    const both = acts.has('both') ? await nameRows(target, kind, 'both', NAMED) : [];
    described.push({ title: kind.title, acts, both });
  }
  return described;
}

async function move(source: Source, target: pg.Client, request: MoveIn): Promise<MoveInReport> {
  const { description } = source;
  const nothing = { source: description, kinds: [], conflicts: [], notes: [] };
  const id = await sourceId(source);
  if ((await hasComeBefore(target, id, request.mode)) && request.mode === 'first')
    return { ...nothing, outcome: 'came before' };
  const total = await countSourceRows(source);
  const kinds = KINDS.filter((kind) => kind.needs.every((name) => source.select(name) !== undefined));
  let done = 0;
  await stageAll(source, target, request, (count) => {
    done += count;
    request.onProgress(done, total);
  });
  const conflicts = await planAll(target, kinds);
  const described = await describeKinds(target, kinds);
  if (conflicts.length > 0) return { ...nothing, outcome: 'conflicts', kinds: described, conflicts };
  const owners = await applyAll(target, kinds);
  await rememberMove(target, id, description.deploymentId);
  return { ...nothing, outcome: 'done', kinds: described, notes: await notesOn(target, owners, description) };
}

/**
 * Brings another deployment, or what is new in it since; both may be in use meanwhile. What was changed here since it came
 * stays as it is here, what was removed here stays away; who was suspended or deleted there is so here.
 * All of it or, in a dry run, after a conflict and after any error, nothing is written.
 * @throws StartError in plain words for what an operator can put right
 */
export async function moveIn(request: MoveIn): Promise<MoveInReport> {
  return withSource(request.from, (source) =>
    withClient(request.to, async (target) => {
      await target.query(BEGIN_MOVING);
      await target.query(`select pg_advisory_xact_lock(${LOCK})`);
      try {
        const report = await move(source, target, request);
        await target.query(report.outcome === 'done' && !request.isDryRun ? 'commit' : 'rollback');
        return report;
      } catch (err) {
        if (pgErrorCode(err) === UNIQUE_VIOLATION)
          throw new StartError(
            'Nothing was written: something of the same name was made here meanwhile. Run it again.',
          );
        throw err;
      }
    }),
  );
}
