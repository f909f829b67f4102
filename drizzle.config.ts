// Where drizzle-kit finds the tables and writes the migrations (npm run db:generate).
import { defineConfig } from 'drizzle-kit';

export default defineConfig({ dialect: 'postgresql', schema: './src/store/schema*.ts', out: './migrations' });
