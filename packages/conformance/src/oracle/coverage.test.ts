import { DStream, RDD } from "@millrace/api";
import { describe, expect, test } from "vitest";
import { OracleRdd } from "./rdd.ts";
import { OracleStream } from "./stream.ts";

type Class = { readonly prototype: object };

/** Methods and accessors of a class and its superclasses. */
function membersOf({ prototype }: Class): Set<string> {
  const members = new Set<string>();
  for (let each = prototype; each !== Object.prototype; each = Object.getPrototypeOf(each)) {
    for (const name of Object.getOwnPropertyNames(each)) members.add(name);
  }
  members.delete("constructor");
  return members;
}

function missing(from: Class, of: Class): string[] {
  const there = membersOf(from);
  return [...membersOf(of)].filter((name) => !there.has(name)).sort();
}

/** Not covered by the oracle, with the reasons. */
const WITHOUT_ORACLE = {
  stream: {
    "it leaves the engine: its bytes or its pace are what matters":
      "pprint print saveAsObjectFiles saveAsTextFiles toAsyncIterable",
  },
  rdd: {
    "it leaves the engine": "pipe saveAsObjectFile saveAsTextFile",
    "it is near what is right, not equal to it": "countApproxDistinct countApproxDistinctByKey",
    "it tells of the engine, not of records": "getPartitioner id name setName storageLevel toDebugString",
  },
} as const;

const listed = (reasons: Readonly<Record<string, string>>): string[] =>
  Object.values(reasons)
    .flatMap((names) => names.split(" "))
    .sort();

describe("the oracle", () => {
  test("has every operation of streams, or a reason why not", () => {
    expect(missing(OracleStream, DStream)).toEqual(listed(WITHOUT_ORACLE.stream));
  });

  test("has every operation of RDDs, or a reason why not", () => {
    expect(missing(OracleRdd, RDD)).toEqual(listed(WITHOUT_ORACLE.rdd));
  });

  test("has no operation that the API does not have", () => {
    const helpers = { stream: ["at", "between", "carried", "isDue", "placed", "slide"], rdd: ["records"] };
    expect(missing(DStream, OracleStream)).toEqual(helpers.stream);
    expect(missing(RDD, OracleRdd)).toEqual(helpers.rdd);
  });
});
