// This file holds the checks of things only a programmer can get wrong.

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`Assertion failed: ${message}`);
}

/** Ends a closed union: a new member that is not handled fails to compile. */
export function assertNever(value: never): never {
  throw new Error(`Assertion failed: unhandled ${JSON.stringify(value)}`);
}
