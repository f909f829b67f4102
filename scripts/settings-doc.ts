// npm run docs: writes docs/settings.md from the descriptions of the settings.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { settingsAsMarkdown } from '../src/config/documentation.ts';

writeFileSync(join(import.meta.dirname, '../docs/settings.md'), settingsAsMarkdown());
