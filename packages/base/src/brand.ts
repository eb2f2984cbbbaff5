declare const brand: unique symbol;

/** A `T` that only its own constructor function makes: an id and a count never mix. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Makes a branded value: for the constructor functions of brands, which check what has to be checked. */
export function branded<B extends Brand<string | number, string>>(value: B extends string ? string : number): B {
  return value as unknown as B; // the brand has no place in the value
}
