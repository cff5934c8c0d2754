// This file reads the fields of a request, however its client likes to send them.
import { queryOf } from './query.ts';

/** Longer than any query of ours; a form of more says something else. */
const FORM_MAX_CHARS = 8192;

/** The query, then the fields of the form; where both name one, the query's is the first. */
export async function fieldsOf(request: Request): Promise<URLSearchParams> {
  const query = queryOf(request.url) ?? new URLSearchParams();
  const type = request.headers.get('content-type') ?? '';
  if (request.method !== 'POST' || !/^application\/x-www-form-urlencoded\b/i.test(type)) {
    return query;
  }
  const text = await request.text().catch(() => '');
  if (text.length > FORM_MAX_CHARS) return query;
  for (const [name, value] of new URLSearchParams(text)) query.append(name, value);
  return query;
}
