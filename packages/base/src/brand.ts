declare const brand: unique symbol;

/** A `T` that only its constructor function creates, so that an id and a count cannot be mixed up. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Creates a branded value, for the constructor functions of brands, which check it first. */
export function branded<B extends Brand<string | number, string>>(value: B extends string ? string : number): B {
  return value as unknown as B; // a brand exists in types only
}
