/** Any two-tuple: pair operations require it of a stream's elements. */
export type Pair = readonly [key: unknown, value: unknown];

/** The key type of a pair type. */
export type KeyOf<T> = T extends readonly [infer K, unknown] ? K : never;
/** The value type of a pair type. */
export type ValueOf<T> = T extends readonly [unknown, infer V] ? V : never;

/**
 * The type of which a literal is a value: `number` for `1`. Operations that reduce use it, since the sum of ones is not
 * a one. Branded primitives stay; read-only tuples, as `as const` makes them, are widened element by element.
 */
export type Widened<T> = T extends object
  ? T extends readonly unknown[]
    ? T extends unknown[]
      ? T
      : { readonly [I in keyof T]: Widened<T[I]> }
    : T
  : T extends string
    ? string
    : T extends number
      ? number
      : T extends boolean
        ? boolean
        : T extends bigint
          ? bigint
          : T;

/** Every type, spelled so that a type parameter bound by it keeps literal types of keys: `"long" | "short"`. */
export type AnyKey = string | number | bigint | boolean | symbol | object | null | undefined;

/**
 * An array literal of no or one element. After an overload for pairs the compiler takes every literal for a tuple, and
 * records of type `[string]` could not be combined with `[...a, ...b]`: such literals are arrays of `E`.
 */
export type ShortLiteral<E> = [E] | [];
