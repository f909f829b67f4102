// `after_id`, `limit` and `offset` of lists.
import { badRequest } from '../errors.ts';
import { QueryReader, type QueryTerms } from '../golang/search.ts';
import { NIL_UUID } from '../golang/uuids.ts';
import type { Page } from '../store/list-users.ts';

/** The page that a request asks for; 0 and absent mean no limit. @throws ApiError 400 naming each bad parameter */
export function pageOf(query: QueryTerms): Page {
  const reader = new QueryReader(query);
  const afterId = reader.uuid('after_id');
  const { limit, offset } = limitOf(query, reader);
  return { afterId: afterId === NIL_UUID ? undefined : afterId, limit, offset };
}

/** `limit` and `offset` alone, for lists that have no `after_id`. @throws ApiError 400 naming each bad parameter */
export function limitOf(query: QueryTerms, reader = new QueryReader(query)): Pick<Page, 'limit' | 'offset'> {
  const limit = reader.positiveInt32('limit') || undefined;
  const offset = reader.positiveInt32('offset');
  if (reader.problems.length > 0)
    throw badRequest('Query parameters have invalid values.', { validations: reader.problems });
  return { limit, offset };
}
