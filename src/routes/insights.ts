// Insights: numbers of users by status; reports about workspaces are empty here.
import type { FastifyInstance } from 'fastify';
import * as wire from '../codersdk/insights.ts';
import { actorCtxOf } from '../hooks/session.ts';
import { queryTerms } from '../http/query.ts';
import { presentDailyUsers, presentStatusCounts } from '../present/insights.ts';
import * as insights from '../services/insights.ts';

/** Routes of `/insights`. */
export async function insightsRoutes(app: FastifyInstance): Promise<void> {
  app.get(
    '/user-status-counts',
    {
      schema: {
        operationId: 'get-insights-about-user-status-counts',
        summary: 'Get insights about user status counts',
        tags: ['Insights'],
        querystring: wire.UserStatusCountsQuery,
        response: { 200: wire.GetUserStatusCountsResponse },
      },
    },
    async (request) =>
      presentStatusCounts({ ...(await insights.userStatusCounts(actorCtxOf(request), queryTerms(request))) }),
  );
  app.get(
    '/daus',
    {
      schema: {
        operationId: 'get-deployment-daus',
        summary: 'Get deployment DAUs',
        tags: ['Insights'],
        querystring: wire.DAUsQuery,
        response: { 200: wire.DAUsResponse },
      },
    },
    async (request) => presentDailyUsers(insights.dailyUsers(actorCtxOf(request), queryTerms(request))),
  );

  const report = (path: string, of: string, response: unknown, nothing: object, more: object = {}) =>
    app.get(
      path,
      {
        schema: {
          operationId: `get-insights-about-${of.replace(' ', '-')}`,
          summary: `Get insights about ${of}`,
          tags: ['Insights'],
          querystring: wire.ReportQuery,
          response: { 200: response },
        },
      },
      async (request) => {
        const { start, end } = insights.reportRange(actorCtxOf(request), queryTerms(request));
        return { report: { start_time: start, end_time: end, template_ids: [], ...nothing }, ...more };
      },
    );
  report('/user-activity', 'user activity', wire.UserActivityInsightsResponse, { users: [] });
  report('/user-latency', 'user latency', wire.UserLatencyInsightsResponse, { users: [] });
  report(
    '/templates',
    'templates',
    wire.TemplateInsightsResponse,
    { active_users: 0, apps_usage: [], parameters_usage: [] },
    { interval_reports: [] },
  );
}
