// Answers that are written as they are read: files of any length in bounded memory.
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** The parts of a text, the first of which is there already. */
async function* resumed(
  reply: FastifyReply,
  first: IteratorResult<string>,
  rest: AsyncIterator<string>,
): AsyncGenerator<string> {
  try {
    for (let part = first; !part.done; part = await rest.next()) {
      yield part.value;
      reply.server.answerGoesOn(reply.raw);
    }
  } finally {
    await rest.return?.();
  }
}

/**
 * Sends a text as a file, each part when the client has taken the one before it. What fails before the first part is
 * answered as by any other route; after that the connection ends before the file does.
 */
export async function sendFile(
  reply: FastifyReply,
  file: { name: string; type: string },
  parts: AsyncIterable<string>,
): Promise<FastifyReply> {
  const iterator = parts[Symbol.asyncIterator]();
  const first = await iterator.next();
  return reply
    .type(file.type)
    .header('content-disposition', `attachment; filename="${file.name}"`)
    .send(Readable.from(resumed(reply, first, iterator), { objectMode: false }));
}
