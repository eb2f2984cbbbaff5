/** An own property, even if the prototype has one of that name. */
export function assign(target: object, name: string, value: unknown): void {
  if (name in target) {
    Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
  } else {
    (target as Record<string, unknown>)[name] = value; // a new own property
  }
}

/** An own property in the manner of errors: not enumerable. */
export function hidden(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: true, enumerable: false, configurable: true });
}
