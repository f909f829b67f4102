// What keeps the program from running, in one plain line for whoever starts it.

/** A refusal to start or to carry out a command; its message is printed alone, without a stack. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
