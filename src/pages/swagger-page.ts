// The contract document as a page to read: operations by tag, then the schemas that they mention, all linked.
import { type Html, html } from '../html.ts';
import { layout } from './layout.ts';

/** The parts of a JSON Schema that are shown. */
export interface SchemaView {
  [keyword: string]: unknown;
}

interface BodyView {
  content?: Record<string, { schema: SchemaView }>;
}

/** The parts of an operation that are shown. */
export interface OperationView {
  operationId: string;
  summary: string;
  tags: string[];
  security: unknown[];
  parameters?: { name: string; in: string; required: boolean; description?: string; schema: SchemaView }[] | undefined;
  requestBody?: BodyView;
  responses: Record<string, BodyView & { description: string }>;
  'x-coder-users-extension'?: boolean;
}

/** The parts of the document that are shown. */
export interface DocumentView {
  info: { title: string; version: string; description: string };
  paths: Record<string, Record<string, OperationView>>;
  components: { schemas: Record<string, SchemaView> };
}

interface Place {
  path: string;
  method: string;
  operation: OperationView;
}

const asList = (value: unknown): SchemaView[] => (Array.isArray(value) ? value : []);
const jsonOf = (body: BodyView | undefined) => body?.content?.['application/json']?.schema;
const schemaId = (name: string) => `schema-${name}`;

/** A schema in a few words; named ones lead to their own card. */
function typeOf(schema: SchemaView): Html {
  const { $ref, type, items, format, additionalProperties } = schema;
  if (typeof $ref === 'string') {
    const name = $ref.slice($ref.lastIndexOf('/') + 1);
    return html`<a href="#${schemaId(name)}">${name}</a>`;
  }
  if (schema.enum)
    return html`${(schema.enum as unknown[]).map((value, i) => html`${i > 0 && ' | '}<code>${JSON.stringify(value)}</code>`)}`;
  if (schema.anyOf) return html`${asList(schema.anyOf).map((choice, i) => html`${i > 0 && ' or '}${typeOf(choice)}`)}`;
  if (type === 'array') return html`list of ${typeOf((items ?? {}) as SchemaView)}`;
  if (type === 'object' && typeof additionalProperties === 'object')
    return html`map of ${typeOf(additionalProperties as SchemaView)}`;
  const words = Array.isArray(type) ? type.join(' or ') : String(type ?? 'anything');
  return html`${words}${typeof format === 'string' && ` (${format})`}`;
}

const optional = (required: boolean) => !required && html` <span class="muted">optional</span>`;

function table(headings: string[], rows: Html[]): Html {
  return html`<div class="scroll"><table><thead><tr>${headings.map((heading) => html`<th scope="col">${heading}</th>`)}</tr></thead>
<tbody>
${rows}</tbody></table></div>`;
}

function operationCard({ path, method, operation }: Place): Html {
  const { operationId, summary, security, parameters = [], requestBody, responses } = operation;
  const body = jsonOf(requestBody);
  const inputs = [
    ...parameters.map(
      ({ name, in: place, required, description, schema }) =>
        html`<tr><th scope="row"><code>${name}</code>${optional(required)}</th><td>${place}</td><td>${description}</td><td>${typeOf(schema)}</td></tr>\n`,
    ),
    ...(body ? [html`<tr><th scope="row">body</th><td>body</td><td></td><td>${typeOf(body)}</td></tr>\n`] : []),
  ];
  const answers = Object.entries(responses).map(([status, response]) => {
    const schema = jsonOf(response);
    return html`<tr><th scope="row">${status}</th><td>${response.description}</td><td>${schema && typeOf(schema)}</td></tr>\n`;
  });
  return html`<section class="card" id="${operationId}" aria-labelledby="${operationId}-name">
<div class="head"><h2 id="${operationId}-name">${summary}</h2>
<div>${security.length > 0 && html`<span class="badge">session</span>`}${operation['x-coder-users-extension'] && html`<span class="badge">extension</span>`}</div></div>
<p><code><strong>${method.toUpperCase()}</strong> ${path}</code></p>
${inputs.length > 0 && table(['Parameter', 'In', 'Description', 'Type'], inputs)}
${table(['Status', 'Meaning', 'Body'], answers)}
</section>
`;
}

function schemaCard(name: string, schema: SchemaView): Html {
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  const fields = Object.entries((schema.properties ?? {}) as Record<string, SchemaView>).map(
    ([field, inner]) =>
      html`<tr><th scope="row"><code>${field}</code>${required.has(field) && html`<span class="badge">required</span>`}</th><td>${inner.description as string | undefined}</td><td>${typeOf(inner)}</td></tr>\n`,
  );
  return html`<section class="card" id="${schemaId(name)}"><h2>${name}</h2>
${fields.length > 0 ? table(['Field', 'Description', 'Type'], fields) : html`<p>${typeOf(schema)}</p>`}
</section>
`;
}

/** The whole page. It needs no script and loads nothing but the style of all pages. */
export function swaggerPage({ info, paths, components }: DocumentView): Html {
  const places = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Place => ({ path, method, operation })),
  );
  const byTag = [...Map.groupBy(places, ({ operation }) => operation.tags[0] ?? 'Other')].sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const contents = byTag.map(
    ([tag, group]) => html`<h3>${tag}</h3>
<ul>
${group.map(({ operation, method, path }) => html`<li><a href="#${operation.operationId}">${operation.summary}</a> <span class="muted">${method.toUpperCase()} ${path}</span></li>\n`)}</ul>
`,
  );
  return layout({
    title: info.title,
    wide: true,
    body: html`<section class="card"><h1>${info.title}</h1>
<p class="muted">Version ${info.version}. <a href="/swagger/openapi.json">The same as an OpenAPI 3.1 document</a></p>
<p>${info.description}</p>
<p>Operations marked <span class="badge">session</span> want a key in the header <code>Coder-Session-Token</code>.</p></section>
<nav class="card" aria-labelledby="operations"><h2 id="operations">Operations</h2>
${contents}
<p><a href="#schemas">Schemas</a></p></nav>
${byTag.map(([, group]) => group.map(operationCard))}
<h2 class="below" id="schemas">Schemas</h2>
${Object.entries(components.schemas).map(([name, schema]) => schemaCard(name, schema))}`,
  });
}
