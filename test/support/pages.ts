// A browser without a screen: keeps cookies, reads the forms of a page and sends them as a browser does.
import type { FastifyInstance, InjectOptions } from 'fastify';

export interface Page {
  status: number;
  text: string;
  headers: Record<string, string | string[] | number | undefined>;
  /** What Set-Cookie lines came along. */
  setCookies: string[];
}

const UNESCAPED: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" };
const unescaped = (text: string) => text.replace(/&(amp|lt|gt|quot|#39);/g, (entity) => UNESCAPED[entity] ?? entity);

export class PageVisitor {
  readonly #app: FastifyInstance;
  readonly cookies = new Map<string, string>();
  #page = '';

  constructor(app: FastifyInstance) {
    this.#app = app;
  }

  async #send(options: InjectOptions): Promise<Page> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { accept: 'text/html,*/*;q=0.8', ...(cookie && { cookie }), ...options.headers };
    const answer = await this.#app.inject({ ...options, headers });
    const setCookies = [answer.headers['set-cookie'] ?? []].flat();
    for (const line of setCookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    if (String(answer.headers['content-type']).startsWith('text/html')) this.#page = answer.payload;
    return { status: answer.statusCode, text: answer.payload, headers: answer.headers, setCookies };
  }

  get(url: string, headers: Record<string, string> = {}): Promise<Page> {
    return this.#send({ method: 'GET', url, headers });
  }

  /** The hidden fields of the form that posts to `action` on the page that was shown last. */
  hiddenFields(action: string): Record<string, string> {
    const form = this.#page.split('<form ').find((part) => part.startsWith(`method="post" action="${action}"`));
    if (form === undefined) throw new Error(`the page has no form for ${action}`);
    const fields = (form.split('</form>')[0] ?? '').matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g);
    return Object.fromEntries([...fields].map(([, name = '', value = '']) => [name, unescaped(value)]));
  }

  /** Sends the form that posts to `action` on the page that was shown last; `fields` go over the hidden ones. */
  submit(action: string, fields: Record<string, string> = {}, headers: Record<string, string> = {}): Promise<Page> {
    return this.post(action, { ...this.hiddenFields(action), ...fields }, headers);
  }

  /** Sends a form as it is. */
  post(url: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Page> {
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.#send({
      method: 'POST',
      url,
      headers: { ...type, ...headers },
      payload: new URLSearchParams(fields).toString(),
    });
  }
}
