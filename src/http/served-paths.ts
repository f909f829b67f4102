// Which paths are served and with which methods: for answers of 404 and 405, and for limits counted by route.
import type { FastifyInstance } from 'fastify';

/** A path that is served, as registered (`/users/:user`). */
export interface ServedPath {
  url: string;
  methods: Set<string>;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route only says that nothing is served there. */
    unserved?: boolean;
  }
  interface FastifyInstance {
    /** Every route of the app, for the test that walks them all. */
    servedPaths: readonly ServedPath[];
  }
}

interface Pattern extends ServedPath {
  segments: string[];
  /** The root of a group: served with and without a slash at its end, and nothing else is looked for at its path. */
  isRoot: boolean;
  /** One digit for each segment, 1 for a parameter: the smaller, the more specific. */
  rank: string;
}

const isParameter = (segment: string) => segment.startsWith(':');

/** The paths of an app. */
export interface ServedPaths {
  /** The path as registered that serves this one, whatever the method; undefined for an unknown path. */
  patternOf(path: string): string | undefined;
  /** The methods that are served at a path; none for an unknown one. */
  methodsAt(path: string): string[];
}

/** Notes every route that is registered from now on. */
export function useServedPaths(app: FastifyInstance): ServedPaths {
  const patterns: Pattern[] = [];
  app.decorate('servedPaths', patterns);
  app.addHook('onRoute', ({ url, method, routePath, config }) => {
    if (config?.unserved) return;
    const segments = url.split('/');
    patterns.push({
      url,
      methods: new Set([method].flat()),
      segments,
      isRoot: routePath === '',
      rank: segments.map((segment) => (isParameter(segment) ? '1' : '0')).join(''),
    });
  });

  /** What fits a path, the most specific first. */
  function matching(path: string): Pattern[] {
    const exact = path.split('/');
    const rooted = path.endsWith('/') ? exact.slice(0, -1) : exact;
    return patterns
      .filter(({ segments, isRoot }) => {
        const sent = isRoot ? rooted : exact;
        return (
          sent.length === segments.length &&
          segments.every((segment, at) => (isParameter(segment) ? sent[at] !== '' : segment === sent[at]))
        );
      })
      .sort((a, b) => (a.rank < b.rank ? -1 : Number(a.rank > b.rank)));
  }

  return {
    patternOf: (path) => matching(path)[0]?.url,
    methodsAt(path) {
      const found = matching(path);
      const [first] = found;
      const counted = first?.isRoot ? found.filter(({ url }) => url === first.url) : found;
      return [...new Set(counted.flatMap(({ methods }) => [...methods]))];
    },
  };
}
