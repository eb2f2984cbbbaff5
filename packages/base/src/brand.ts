declare const brand: unique symbol;

/** A `T` that only its own constructor function makes: an id and a count never mix. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
