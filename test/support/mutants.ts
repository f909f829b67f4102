// Puts a switch into every permission check of the source as it is loaded, so that one check at a time can be taken away.
import { globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseSync } from 'oxc-parser';

/** One check in the source. */
export interface Site {
  /** File, function and text of the check: stays the same while other lines move. */
  id: string;
  file: string;
}

interface Node {
  type: string;
  start: number;
  end: number;
  [key: string]: unknown;
}

/** What each function of the engine answers when nothing is refused, as source text. */
const DECISIONS: Record<string, string> = {
  can: 'true',
  canByKey: 'true',
  canByRoles: 'true',
  canAssign: 'true',
  decide: "'allowed'",
  decidePower: "'allowed'",
  isUnlimited: 'true',
  mayMakeKey: 'true',
  scopesWithin: 'true',
  isGuardedFrom: 'false',
  isBeyondLimitedKey: 'false',
};

/** Functions that return nothing and throw when they refuse are told by their name, and that they lead to a decision. */
const GUARD = /^(require|authorize|refuse|check|only|may|not|ensure)/;
/** A condition that looks at who asks, or at what the target is to the engine. */
const ABOUT_PEOPLE = /\b(actor|subject|isOwner|isSystem|keyId)\b/;
/** Fields of an object that make the engine refuse more. */
const FLAGS = new Set(['power', 'ofOwner']);

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

function walk(node: Node, visit: (node: Node, parents: readonly Node[]) => void, parents: readonly Node[] = []): void {
  visit(node, parents);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value])
      if (isNode(child)) walk(child, visit, [...parents, node]);
  }
}

/** The name that a call is made by: `can(...)` or `rbac.can(...)`. */
function calleeOf(node: Node): string {
  if (node.type === 'AwaitExpression') return calleeOf(node.argument as Node);
  if (node.type !== 'CallExpression') return '';
  const callee = node.callee as Node;
  return String((callee.type === 'MemberExpression' ? (callee.property as Node) : callee).name ?? '');
}

/** The name of the function that a node is, if it has one. */
function nameOf(node: Node, parent: Node | undefined): string {
  if (node.type === 'FunctionDeclaration') return String((node.id as Node | null)?.name ?? '');
  if (node.type !== 'ArrowFunctionExpression' && node.type !== 'FunctionExpression') return '';
  if (parent?.type === 'VariableDeclarator') return String((parent.id as Node).name ?? '');
  return parent?.type === 'MethodDefinition' ? String((parent.key as Node).name ?? '') : '';
}

/** The innermost named function around a node. */
function functionAround(parents: readonly Node[]): string {
  for (let i = parents.length - 1; i >= 0; i--) {
    const name = nameOf(parents[i] as Node, parents[i - 1]);
    if (name !== '') return name;
  }
  return '';
}

/** Where checks are made. The engine's own arithmetic has tests of its own (test/unit/rbac-scopes.test.ts and its like). */
const SOURCES = 'src/{services,hooks,routes,rbac}/**/*.ts';
const ARITHMETIC = /rbac.(scopes|roles|role-votes|subjects|allow-lists)\.ts$/;

/** Names of the functions that reach a decision, directly or through others. */
function decidingFunctions(files: readonly string[]): ReadonlySet<string> {
  const calls = new Map<string, Set<string>>();
  for (const file of files) {
    walk(parseSync(file, readFileSync(file, 'utf8')).program as unknown as Node, (node, parents) => {
      const callee = calleeOf(node);
      if (node.type !== 'CallExpression' || callee === '') return;
      const caller = functionAround(parents);
      calls.set(caller, (calls.get(caller) ?? new Set()).add(callee));
    });
  }
  const deciding = new Set([...Object.keys(DECISIONS), 'visible']);
  for (let size = 0; size !== deciding.size; ) {
    size = deciding.size;
    for (const [caller, callees] of calls)
      if ([...callees].some((callee) => deciding.has(callee))) deciding.add(caller);
  }
  return deciding;
}

/** The text of a file with a switch at every check, and the checks. */
function withSwitches(
  file: string,
  source: string,
  deciding: ReadonlySet<string>,
  root: string,
): { text: string; sites: Site[] } {
  const sites: Site[] = [];
  const insertions: { at: number; text: string; order: number }[] = [];
  const name = relative(root, file);

  /**
   * Notes a check. The same question asked twice in a function (again under the lock, for what changed meanwhile) is one
   * site: either alone hides the lack of the other until requests race (test/integration/races.test.ts).
   */
  function site(node: Node, parents: readonly Node[], what: string): string {
    const guard = node.type === 'ExpressionStatement' ? calleeOf(node.expression as Node) : '';
    const text = guard === '' ? source.slice(node.start, node.end).replace(/\s+/g, ' ') : `${guard}()`;
    const id = `${name} ${functionAround(parents) || '-'}: ${what}${text}`;
    if (!sites.some((known) => known.id === id)) sites.push({ id, file: name });
    return JSON.stringify(id);
  }
  /** Puts text around a node; of nested nodes the outer one's comes first and last. */
  function around(node: Node, before: string, after: string): void {
    insertions.push({ at: node.start, text: before, order: node.start - node.end });
    insertions.push({ at: node.end, text: after, order: node.end - node.start });
  }

  const program = parseSync(file, source).program as unknown as Node;
  walk(program, (node, parents) => {
    const parent = parents.at(-1);
    const callee = calleeOf(node);
    if (node.type === 'CallExpression' && Object.hasOwn(DECISIONS, callee)) {
      around(node, `__mutants.decision(${site(node, parents, '')}, ${DECISIONS[callee]}, `, ')');
    } else if (node.type === 'CallExpression' && callee === 'visible') {
      around(node, `__mutants.rows(${site(node, parents, '')}, `, ')');
    } else if (node.type === 'ExpressionStatement') {
      const called = calleeOf(node.expression as Node);
      if (GUARD.test(called) && deciding.has(called)) {
        around(node, `{ if (!__mutants.without(${site(node, parents, '')})) `, ' }');
      }
    } else if (node.type === 'IfStatement') {
      const test = node.test as Node;
      const consequent = node.consequent as Node;
      const refuses = /^\{?\s*(throw|return badRequest|void reply)/.test(
        source.slice(consequent.start, consequent.end),
      );
      const negated = test.type === 'UnaryExpression' && Object.hasOwn(DECISIONS, calleeOf(test.argument as Node));
      if (refuses && !negated && ABOUT_PEOPLE.test(source.slice(test.start, test.end))) {
        around(test, `__mutants.decision(${site(test, parents, 'if ')}, false, `, ')');
      }
    } else if (isGate(node, parents, source)) {
      around(node, `__mutants.gate(${site(node, parents, 'gate ')}, `, ')');
    } else if (node.type === 'Property' && parent?.type === 'ObjectExpression' && name.endsWith('rbac/objects.ts')) {
      const value = node.value as Node;
      if (FLAGS.has(String((node.key as Node).name))) {
        const what = `${String((node.key as Node).name)}: `;
        around(value, `__mutants.decision(${site(value, parents, what)}, undefined, `, ')');
      }
    }
  });
  insertions.sort((a, b) => b.at - a.at || b.order - a.order);
  let text = source;
  for (const { at, text: inserted } of insertions) text = text.slice(0, at) + inserted + text.slice(at);
  return { text, sites };
}

/** A hook that a route or scope lists: `onRequest: x`, `onRequest: [x, y]`, `addHook('onRequest', x)`. Limits are no checks. */
function isGate(node: Node, parents: readonly Node[], source: string): boolean {
  if (node.type !== 'Identifier' && node.type !== 'MemberExpression') return false;
  if (/limit/i.test(source.slice(node.start, node.end))) return false;
  const parent = parents.at(-1);
  const owner = parent?.type === 'ArrayExpression' ? parents.at(-2) : parent;
  if (owner?.type === 'Property') return String((owner.key as Node).name) === 'onRequest' && owner.key !== node;
  if (owner?.type !== 'CallExpression' || calleeOf(owner) !== 'addHook') return false;
  const [event, hook] = owner.arguments as Node[];
  return event?.value === 'onRequest' && hook === node;
}

/** Every check of the source, and each file that has some with its switches. */
export function allSwitches(root: string): { texts: ReadonlyMap<string, string>; sites: Site[] } {
  const found = globSync(SOURCES, { cwd: root }).filter((file) => !ARITHMETIC.test(file));
  const files = found.map((file) => join(root, file));
  const deciding = decidingFunctions(files);
  const switched = files.map((file) => ({ file, ...withSwitches(file, readFileSync(file, 'utf8'), deciding, root) }));
  return {
    texts: new Map(switched.filter(({ sites }) => sites.length > 0).map(({ file, text }) => [file, text])),
    sites: switched.flatMap(({ sites }) => sites),
  };
}
