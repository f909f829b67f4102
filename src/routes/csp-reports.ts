// What browsers tell of content that a page's policy kept from them.
import type { FastifyInstance } from 'fastify';
import { badRequest } from '../errors.ts';
import { JsonObject, JsonSyntaxError, parseFirstJson } from '../golang/json.ts';
import { cutTo } from '../golang/text.ts';

const SHOWN_BYTES = 200;
const NOTED = ['document-uri', 'violated-directive', 'blocked-uri'];

/** The report inside a body; nothing of it is believed, a few short fields go to the log. */
function readReport(body: unknown): Record<string, string> {
  try {
    const json = parseFirstJson(typeof body === 'string' ? body : '');
    const report = json instanceof JsonObject ? json.fields.find(([name]) => name === 'csp-report')?.[1] : undefined;
    const fields = report instanceof JsonObject ? report.fields : [];
    return Object.fromEntries(
      fields.flatMap(([name, value]) =>
        NOTED.includes(name) && typeof value === 'string' ? [[name, cutTo(value, SHOWN_BYTES)]] : [],
      ),
    );
  } catch (err) {
    if (err instanceof JsonSyntaxError) throw badRequest('Failed to read body, invalid json.', { detail: err.message });
    throw err;
  }
}

/** `POST /csp/reports`. Golden: deploy-outside-api */
export async function cspReportRoutes(app: FastifyInstance): Promise<void> {
  app.post('/csp/reports', { schema: { hide: true } }, async (request, reply) => {
    request.log.debug({ report: readReport(request.body) }, 'a browser kept content from a page');
    return reply.send('ok');
  });
}
