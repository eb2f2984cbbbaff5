// Compares results with what they should be, and says `checks 12 right`, or which ones are wrong.
import { inspect, isDeepStrictEqual } from "node:util";

export class Checks {
  #right = 0;
  readonly #wrong: string[] = [];

  async is(name: string, given: unknown, wanted: unknown): Promise<void> {
    const got = await Promise.resolve(given).catch((error: unknown) => error);
    if (isDeepStrictEqual(got, wanted)) this.#right += 1;
    else this.#wrong.push(`${name}: ${inspect(got, { depth: 8 })} for ${inspect(wanted, { depth: 8 })}`);
  }

  /** Records whose order nothing promises. */
  async isInAnyOrder(name: string, given: Promise<readonly unknown[]>, wanted: readonly unknown[]): Promise<void> {
    const sorted = given.then((all) => all.map(inOneLine).sort());
    await this.is(name, sorted, wanted.map(inOneLine).sort());
  }

  async fails(name: string, given: Promise<unknown>, message: RegExp): Promise<void> {
    const got = await given.then(
      (value) => `no error, but ${inOneLine(value)}`,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    await this.is(name, message.test(got) ? "right" : got, "right");
  }

  report(): void {
    for (const each of this.#wrong) console.log(`wrong ${each}`);
    console.log(`checks ${this.#right} right`);
  }
}

function inOneLine(value: unknown): string {
  return inspect(value, { depth: 8, breakLength: Number.POSITIVE_INFINITY, compact: true, sorted: true });
}
