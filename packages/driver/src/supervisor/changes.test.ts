import { expect, test } from "vitest";
import { Changes } from "./changes.ts";

test("whoever looks sees what is there, each change once, and the end", async () => {
  const changes = new Changes();
  let value: readonly number[] | undefined = [1];
  const seen = changes.seen(() => value);
  const change = (to: readonly number[] | undefined): void => {
    value = to;
    changes.fire();
  };
  expect(await seen.next()).toEqual({ done: false, value: [1] });
  const second = seen.next();
  change([1]);
  change([2]);
  expect(await second).toEqual({ done: false, value: [2] });
  change([3]);
  change([4]); // nobody has asked in between
  expect(await seen.next()).toEqual({ done: false, value: [4] });
  const last = seen.next();
  change(undefined);
  expect(await last).toEqual({ done: true, value: undefined });
});
