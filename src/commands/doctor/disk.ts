// The data directory of the embedded database: room and rights.
import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Config } from '../../config.ts';
import { sizeText } from '../progress.ts';
import { type Finding, failure, ok, reasonOf, warning } from './finding.ts';

const TOPIC = 'disk';
const LITTLE_BYTES = 2e9;
const TOO_LITTLE_BYTES = 200e6;
const LITTLE_SHARE = 0.05;

/** The folder, or the nearest one above it that is there. */
function existing(path: string): string {
  return existsSync(path) ? path : existing(dirname(path));
}

/** No finding with an external database, which keeps nothing here. */
export function checkDisk({ postgres }: Config): Finding[] {
  if (postgres.url !== undefined) return [];
  const folder = existing(resolve(postgres.dataDir));
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (err) {
    return [
      failure(
        TOPIC,
        `${folder} cannot be written: ${reasonOf(err)}`,
        'Give the folder to the account of the server, or set CODER_USERS_DATA_DIR.',
      ),
    ];
  }
  const { bavail, blocks, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const text = `${sizeText(free)} are free in ${folder}`;
  const remedy = 'Make room: when it is full, nothing can be written any more.';
  if (free < TOO_LITTLE_BYTES) return [failure(TOPIC, text, remedy)];
  if (free < LITTLE_BYTES || bavail < blocks * LITTLE_SHARE) return [warning(TOPIC, text, remedy)];
  return [ok(TOPIC, text)];
}
