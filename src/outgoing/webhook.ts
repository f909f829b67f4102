// Posts messages to the webhook of an operator.

/**
 * Posts a message as JSON; what is answered is not read. Redirects are not followed: the address is the operator's.
 * @param id the same at every attempt, so that a receiver can leave out what it has
 * @returns whether it was taken (2xx), and else a word on why not
 */
export async function postWebhook(
  endpoint: string,
  id: string,
  body: object,
  signal: AbortSignal,
): Promise<{ outcome: 'sent' } | { outcome: 'failed'; reason: string }> {
  try {
    const response = await fetch(endpoint, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/json', 'x-message-id': id },
      body: JSON.stringify(body),
      signal,
    });
    await response.body?.cancel();
    return response.ok ? { outcome: 'sent' } : { outcome: 'failed', reason: `status ${response.status}` };
  } catch (err) {
    const { name, cause } = err as { name?: string; cause?: { code?: string } };
    return { outcome: 'failed', reason: cause?.code ?? name ?? 'unknown' };
  }
}
