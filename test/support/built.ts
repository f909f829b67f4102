// Builds the program once for all tests that start it, if it is not built from these sources yet.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../src/package-root.ts';

export default function build(): void {
  execFileSync(process.execPath, [join(packageRoot, 'scripts', 'build.ts')], { stdio: 'inherit' });
}
