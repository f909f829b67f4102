// Reads a Dockerfile and carries its steps out in a scratch folder: no container, but the same files by the same commands.
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { packageRoot } from '../../src/package-root.ts';
import { plainEnvironment, run } from './newcomer.ts';

interface Step {
  readonly instruction: string;
  readonly value: string;
}

interface Stage {
  readonly name: string | undefined;
  readonly base: string;
  readonly steps: Step[];
}

/** The stages of a Dockerfile, first to last. */
export function readDockerfile(): Stage[] {
  const text = readFileSync(join(packageRoot, 'Dockerfile'), 'utf8')
    .replace(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '');
  const stages: Stage[] = [];
  for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
    const [, instruction = '', value = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (instruction === 'FROM') {
      const [, base = '', name] = /^(\S+)(?:\s+AS\s+(\S+))?$/.exec(value) ?? [];
      stages.push({ base, name, steps: [] });
    } else {
      stages.at(-1)?.steps.push({ instruction, value });
    }
  }
  return stages;
}

export interface Image {
  /** What is / in the image. */
  readonly root: string;
  readonly workdir: string;
  readonly env: Record<string, string>;
  readonly user: string;
  readonly cmd: string[];
  readonly healthcheck: string[];
}

const jsonArray = (text: string) => JSON.parse(/\[.*\]/.exec(text)?.[0] ?? '[]') as string[];

/** @throws Error for a step that this reader does not know */
async function carryOut(stage: Stage, root: string, bin: string, others: Map<string, Image>): Promise<Image> {
  let workdir = '/';
  let user = '';
  let cmd: string[] = [];
  let healthcheck: string[] = [];
  const env: Record<string, string> = {};
  // Where the image has absolute paths, they are meant to be below its root.
  const inside = (text: string) => text.replaceAll(/(?<![\w./])\/(?=app\b|usr\/local\/bin\b)/g, `${root}/`);
  mkdirSync(join(root, 'usr/local/bin'), { recursive: true });
  for (const { instruction, value } of stage.steps) {
    if (instruction === 'WORKDIR') {
      workdir = value;
      mkdirSync(join(root, workdir), { recursive: true });
    } else if (instruction === 'ENV') {
      for (const [, name = '', text = ''] of value.matchAll(/(\w+)=(\S+)/g)) env[name] = text;
    } else if (instruction === 'COPY') {
      const [, from, list = ''] = /^(?:--from=(\S+)\s+)?(.*)$/.exec(value) ?? [];
      const paths = list.split(/\s+/);
      const target = paths.pop() ?? '';
      for (const path of paths) {
        const source = from === undefined ? join(packageRoot, path) : join(others.get(from)?.root ?? '', path);
        const isFolder = target.endsWith('/');
        cpSync(source, join(root, workdir, isFolder ? join(target, basename(path)) : target), { recursive: true });
      }
    } else if (instruction === 'RUN') {
      const base = plainEnvironment();
      const PATH = [bin, base.PATH].join(delimiter);
      const [uid, gid] = user.split(':').map(Number);
      const account = uid === undefined || user === '' ? {} : { uid, gid: gid ?? uid };
      await run('sh', ['-ec', inside(value)], join(root, workdir), { ...base, ...env, PATH }, account);
    } else if (instruction === 'USER') {
      user = value;
    } else if (instruction === 'CMD') {
      cmd = jsonArray(value);
    } else if (instruction === 'HEALTHCHECK') {
      healthcheck = jsonArray(value);
    } else if (instruction !== 'EXPOSE') {
      throw new Error(`unknown instruction ${instruction}`);
    }
  }
  return { root, workdir, env, user, cmd, healthcheck };
}

/**
 * Builds the last stage below `scratch`; as root, since the Dockerfile gives files to its account.
 * @param bin a folder with the image's `node`
 */
export async function buildImage(scratch: string, bin: string): Promise<Image> {
  const images = new Map<string, Image>();
  let last: Image | undefined;
  for (const [index, stage] of readDockerfile().entries()) {
    last = await carryOut(stage, join(scratch, `stage-${index}`), bin, images);
    if (stage.name !== undefined) images.set(stage.name, last);
  }
  if (last === undefined) throw new Error('the Dockerfile has no stage');
  return last;
}

/** A folder whose `node` every account can run. */
export function nodeFolder(scratch: string): string {
  const bin = join(scratch, 'bin');
  mkdirSync(bin);
  copyFileSync(process.execPath, join(bin, 'node'));
  return bin;
}

/** Whether `.dockerignore` lets a file of ours into the build. */
export function isInBuild(path: string): boolean {
  const lines = readFileSync(join(packageRoot, '.dockerignore'), 'utf8').split('\n');
  const top = path.split('/')[0] ?? '';
  return lines[0] === '*' && lines.includes(`!${top}`) && existsSync(join(packageRoot, path));
}
