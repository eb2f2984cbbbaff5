import { expect, test } from "vitest";
import { OwnerProof } from "./owner-proof.ts";

test("a deed waits for a proof that is begun after it was asked for; all that wait share one", () => {
  const seen: string[] = [];
  const proof = new OwnerProof(() => seen.push("ask"));
  const deed = (name: string): void => proof.asOwner(() => seen.push(name));
  deed("first");
  deed("second"); // the proof may be older than what it is about
  deed("third");
  expect(seen).toEqual(["ask"]);
  proof.proved();
  expect(seen).toEqual(["ask", "first", "ask"]);
  proof.proved();
  expect(seen).toEqual(["ask", "first", "ask", "second", "third"]);
});

test("an owner that is none any more does nothing", () => {
  const seen: string[] = [];
  const proof = new OwnerProof(() => seen.push("ask"));
  proof.asOwner(() => seen.push("deed"));
  expect(seen).toEqual(["ask"]); // and no answer comes: the job ends
});
