// Keys are equal by value, and only then: in shuffles, joins, state, windows and distinct.
import type { State } from "millrace";
import { action, type Case, kv, operation, operationOnTwo } from "./case.ts";
import { show } from "./show.ts";

type Key = unknown;

/** Each is one key, written in two ways where there are two. None is equal to any other. */
const KEYS: readonly (readonly [name: string, one: Key, same: Key])[] = [
  ["number 0 and -0", 0, -0],
  ["number 1", 1, 1.0],
  ["number 0.1", 0.1, 0.1],
  ["NaN", Number.NaN, 0 / Number("0")],
  ["infinity", Number.POSITIVE_INFINITY, 1 / 0],
  ["bigint 0", 0n, -0n],
  ["bigint 1", 1n, BigInt(1)],
  ["bigint 2^70", 2n ** 70n, 1n << 70n],
  ["text 1", "1", String(1)],
  ["empty text", "", "x".slice(1)],
  ["lone surrogate", "\ud83d", "😀".charAt(0)],
  ["other half", "\ude00", "😀".charAt(1)],
  ["composed", "\u00e9", "\u00e9"],
  ["decomposed", "e\u0301", "e\u0301"],
  ["true", true, true],
  ["false", false, false],
  ["null", null, null],
  ["undefined", undefined, undefined],
  ["date 1", new Date(1), new Date(1)],
  ["date 0", new Date(0), new Date(-0)],
  ["no date", new Date(Number.NaN), new Date("soon")],
  ["bytes", new Uint8Array([1, 2]), new Uint8Array([0, 1, 2]).subarray(1)],
  ["no bytes", new Uint8Array(0), new Uint8Array(0)],
  ["empty array", [], []],
  ["array of null", [null], [null]],
  ["array of undefined", [undefined], [undefined]],
  ["array of empty array", [[]], [[]]],
  ["tuple", [1, "a"], [1, "a"]],
  ["tuple of others", ["1", "a"], ["1", "a"]],
  ["tuple with zeros", [-0, Number.NaN], [0, Number.NaN]],
  ["cut otherwise", [[1], "a"], [[1], "a"]],
  ["empty object", {}, {}],
  ["object", { a: 1, b: [2n, new Date(3)] }, { b: [2n, new Date(3)], a: 1 }],
  ["object of others", { a: 1n, b: [2n, new Date(3)] }, { b: [2n, new Date(3)], a: 1n }],
  ["object of null", { a: null }, { a: null }],
  ["nested", { at: { x: 0, y: [{ z: 1, w: 2 }] } }, { at: { y: [{ w: 2, z: 1 }], x: -0 } }],
];

const ones = KEYS.map(([, one]) => one);
const sames = KEYS.map(([, , same]) => same);
const names = KEYS.map(([name]) => name);
/** Equal keys by one name: which of them stands for all is not promised, and `show` knows no other differences. */
const NAMES: ReadonlyMap<string, string> = new Map(
  KEYS.flatMap(([name, one, same]) => [kv(show(one), name), kv(show(same), name)]),
);
const nameOf = (key: Key): string => NAMES.get(show(key)) ?? `none of them: ${show(key)}`;
const named = <V>([key, value]: readonly [Key, V]): [string, V] => [nameOf(key), value];

const add = (a: number, b: number): number => a + b;
const counts = (n: number): [string, number][] => names.map((name) => [name, n]);
const withOne = (key: Key): [Key, number] => [key, 1];

export const keys: readonly Case[] = [
  operation({
    id: "TR-1",
    title: "keys arrive as what they were",
    batches: [ones.slice(1)],
    build: (stream) => stream.map(withOne).partitionBy(3).keys(),
    expected: [ones.slice(1)],
  }),
  ...[undefined, 1, 2, 64].map((partitions) =>
    operation({
      id: "TR-1",
      title: `reduceByKey brings equal keys together, on ${partitions ?? "as many"} partitions`,
      batches: [[...ones, ...sames, ...ones], sames],
      partitions: 5,
      build: (stream) => stream.map(withOne).reduceByKey(add, partitions).map(named),
      expected: [counts(3), counts(1)],
    }),
  ),
  operation({
    id: "TR-1",
    title: "groupByKey brings equal keys together",
    batches: [[...ones, ...sames]],
    partitions: 3,
    build: (stream) =>
      stream
        .map((key) => kv(key, "x"))
        .groupByKey(4)
        .map(named)
        .mapValues((all) => all.join("")),
    expected: [names.map((name) => kv(name, "xx"))],
  }),
  operation({
    id: "TR-1",
    title: "combineByKey without combining before the shuffle brings equal keys together",
    batches: [[...ones, ...sames]],
    partitions: 3,
    build: (stream) =>
      stream
        .map(withOne)
        .combineByKey<number>((n) => n, add, add, { mapSideCombine: false })
        .map(named),
    expected: [counts(2)],
  }),
  operation({
    id: "TR-1",
    title: "countByValue counts equal values",
    batches: [[...ones, ...sames]],
    partitions: 2,
    build: (stream) => stream.countByValue().map(named),
    expected: [counts(2)],
  }),
  operation({
    id: "TR-1",
    title: "distinct has equal values once",
    batches: [[...ones, ...sames]],
    partitions: 4,
    build: (stream) => stream.transform((rdd) => rdd.distinct()).map(nameOf),
    expected: [names],
  }),
  operationOnTwo({
    id: "TR-1",
    title: "join meets equal keys",
    batches: [ones],
    others: [sames],
    build: (left, right) =>
      left
        .map(withOne)
        .join(
          right.map((key) => kv(key, "x")),
          3,
        )
        .map(named),
    expected: [names.map((name) => kv(name, kv(1, "x")))],
  }),
  operationOnTwo({
    id: "TR-1",
    title: "fullOuterJoin leaves no equal key alone",
    batches: [ones],
    partitions: 5,
    others: [sames],
    otherPartitions: 2,
    build: (left, right) => left.map(withOne).fullOuterJoin(right.map(withOne)).map(named),
    expected: [names.map((name) => kv(name, kv(1, 1)))],
  }),
  operationOnTwo({
    id: "TR-1",
    title: "cogroup has equal keys once",
    batches: [[...ones, ...sames]],
    others: [sames],
    build: (left, right) => left.map(withOne).cogroup(right.map(withOne), 7).map(named),
    expected: [names.map((name) => kv(name, kv([1, 1], [1])))],
  }),
  operationOnTwo({
    id: "TR-1",
    title: "subtract and intersection know equal values",
    batches: [[...ones, "left"]],
    others: [[...sames, "right"]],
    build: (left, right) => left.transformWith(right, (a, b) => a.subtract(b).union(a.intersection(b).map(nameOf))),
    expected: [["left", ...names]],
  }),
  operation({
    id: "TR-1",
    title: "state is found again by an equal key",
    batches: [ones, sames, [], [...ones, ...sames]],
    build: (stream) =>
      stream
        .map(withOne)
        .updateStateByKey<number>((added, before = 0) => added.reduce(add, before))
        .map(named),
    expected: [counts(1), counts(2), counts(2), counts(4)],
  }),
  operation({
    id: "TR-1",
    title: "state begins with that of equal keys",
    batches: [sames],
    build: (stream, ssc) =>
      stream
        .map(withOne)
        .updateStateByKey<number>((added, before = 0) => added.reduce(add, before), {
          initialState: ssc.parallelize<[Key, number]>(ones.map((key) => [key, 10])),
        })
        .map(named),
    expected: [counts(11)],
  }),
  operation({
    id: "TR-1",
    title: "mapWithState finds the state of equal keys, and snapshots have them once",
    batches: [[...ones, ...sames], sames],
    build: (stream) =>
      stream
        .map(withOne)
        .mapWithState((_: Key, n: number | undefined, state: State<number>) => {
          state.update((state.getOption() ?? 0) + (n ?? 0));
          return "called";
        })
        .stateSnapshots()
        .map(named),
    expected: [counts(2), counts(3)],
  }),
  operation({
    id: "TR-1",
    title: "windows reduce equal keys of different batches",
    batches: [ones, sames, []],
    build: (stream) => stream.map(withOne).reduceByKeyAndWindow(add, 200).map(named),
    expected: [counts(1), counts(2), counts(1), []],
  }),
  operation({
    id: "TR-1",
    title: "windows with an inverse function take away from equal keys",
    batches: [ones, sames, []],
    build: (stream) =>
      stream
        .map(withOne)
        .reduceByKeyAndWindow(add, (a, b) => a - b, 200)
        .map(named),
    expected: [counts(1), counts(2), counts(1), counts(0)],
  }),
  operation({
    id: "TR-1",
    title: "countByValueAndWindow counts equal values of different batches",
    batches: [ones, sames, []],
    build: (stream) => stream.countByValueAndWindow(200).map(named),
    expected: [counts(1), counts(2), counts(1), []],
  }),
  action({
    id: "TR-1",
    title: "lookup, countByKey and collectAsMap know equal keys",
    batches: [[...ones, ...sames]],
    act: async (rdd) => {
      const pairs = rdd.map(withOne).partitionBy(5);
      const found = await Promise.all(sames.map((key) => pairs.lookup(key)));
      const counted = await pairs.countByKey();
      const map = await pairs.collectAsMap();
      return [...found.map((ones) => ones.length), ...[...counted].map(named), [...map.keys()].map(nameOf).sort()];
    },
    expected: [[...names.map(() => 2), ...counts(2), [...names].sort()]],
  }),
  action({
    id: "TR-1",
    title: "countByValue, reduceByKeyLocally and subtractByKey know equal keys",
    batches: [[...ones, ...sames]],
    act: async (rdd, ssc) => {
      const pairs = rdd.map(withOne);
      const counted = await rdd.countByValue();
      const reduced = await pairs.reduceByKeyLocally(add);
      const left = await pairs
        .subtractByKey(ssc.parallelize(sames.slice(1)).map(withOne))
        .keys()
        .collect();
      return [...[...counted].map(named), ...[...reduced].map(named), left.map(nameOf)];
    },
    expected: [[...counts(2), ...counts(2), ["number 0 and -0", "number 0 and -0"]]],
  }),
];
