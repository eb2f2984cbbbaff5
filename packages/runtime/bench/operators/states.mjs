// Operations with a state that outlives the batch. By hand, `memory` is what the batches before have left.
import { add, grouped, latest, pairs, subtract } from "./data.mjs";

const sum = (values, total = 0) => values.reduce(add, total);
const running = (_key, value, state) => {
  const total = (state.getOption() ?? 0) + value;
  state.update(total);
  return total;
};
const tallied = (_key, value, state) => {
  const { n, total } = state.getOption() ?? { n: 0, total: 0 };
  state.update({ n: n + 1, total: total + (value ?? 0) });
  return undefined;
};
const updatedAll = function* (entries) {
  for (const [key, values, total] of entries) yield [key, sum(values, total)];
};

const feed = (pipeline) => ({ kind: "pipeline", pipeline });

const updating =
  (update) =>
  ({ main, slot }) => ({
    kind: "state",
    update: { feed: feed(main), ...update(slot) },
    label: "state",
  });

function summed(a, memory) {
  for (const [k, values] of grouped(a)) memory.set(k, sum(values, memory.get(k)));
}

function mapped(a, memory) {
  let last;
  for (let i = 0; i < a.length; i++) {
    const [k, v] = a[i];
    const total = (memory.get(k) ?? 0) + v;
    memory.set(k, total);
    last = latest(last, total);
  }
  return last;
}

function lastOf(entries) {
  let last;
  for (const entry of entries) last = latest(last, entry);
  return last;
}

export const stateChains = [
  {
    name: "updateStateByKey",
    input: pairs,
    stateful: true,
    source: updating((slot) => ({ kind: "updateByKey", fn: slot(sum), onlyUpdated: false })),
    hand: (a, _, memory) => {
      summed(a, memory);
      return lastOf(memory);
    },
  },
  {
    name: "updateStateByKey, new keys",
    input: pairs.map(([, v], i) => [`k${i}`, v]),
    stateful: true,
    fresh: true,
    source: updating((slot) => ({ kind: "updateByKey", fn: slot(sum), onlyUpdated: false })),
    hand: (a, _, memory) => {
      summed(a, memory);
      return lastOf(memory);
    },
  },
  {
    name: "updateStatePartitions",
    input: pairs,
    stateful: true,
    source: updating((slot) => ({ kind: "updatePartition", fn: slot(updatedAll) })),
    hand: (a, _, memory) => {
      const groups = grouped(a);
      for (const [k, values] of groups) memory.set(k, sum(values, memory.get(k)));
      return lastOf(memory);
    },
  },
  {
    name: "mapWithState",
    input: pairs,
    stateful: true,
    source: updating((slot) => ({ kind: "mapWithState", fn: slot(running), timeoutMs: 0 })),
    hand: (a, _, memory) => mapped(a, memory),
  },
  {
    name: "mapWithState, timeout",
    input: pairs,
    stateful: true,
    source: updating((slot) => ({ kind: "mapWithState", fn: slot(running), timeoutMs: 1000 })),
    hand: (a, _, memory) => mapped(a, memory),
  },
  {
    name: "mapWithState, objects",
    input: pairs,
    stateful: true,
    source: updating((slot) => ({ kind: "mapWithState", fn: slot(tallied), timeoutMs: 0 })),
    hand: (a, _, memory) => {
      for (let i = 0; i < a.length; i++) {
        const [k, v] = a[i];
        const { n, total } = memory.get(k) ?? { n: 0, total: 0 };
        memory.set(k, { n: n + 1, total: total + v });
      }
      return memory;
    },
  },
  {
    name: "reduceByKeyAndWindow",
    input: pairs,
    other: pairs.toReversed(),
    stateful: true,
    source: ({ main, other, slot }) => ({
      kind: "state",
      update: {
        kind: "window",
        entering: feed(main),
        leaving: feed(other),
        reduce: slot(add),
        inverse: slot(subtract),
      },
      label: "reduceByKeyAndWindow",
    }),
    hand: (a, b, memory) => {
      for (let i = 0; i < a.length; i++) {
        const [k, v] = a[i];
        memory.set(k, add(memory.get(k) ?? 0, v));
      }
      for (let i = 0; i < b.length; i++) {
        const [k, v] = b[i];
        memory.set(k, subtract(memory.get(k), v));
      }
      return lastOf(memory);
    },
  },
];
