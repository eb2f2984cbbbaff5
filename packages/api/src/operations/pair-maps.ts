import { naming } from "@millrace/base";
import { hashKey, KeyMap, partitionOf } from "@millrace/codec";
import { operators } from "@millrace/operators";
import type { ResolvedPartitioning } from "@millrace/plan";
import { resolveSources } from "../action/action.ts";
import { collected, collectedAfter } from "./collecting.ts";
import type { Dataset } from "./dataset.ts";
import { mapOnDriver } from "./driver-map.ts";
import { countByValueStep } from "./folds.ts";
import { chained, narrowStep, plainStep } from "./steps.ts";

// Actions that return values by key to the driver.

export async function countByKey<K>(on: Dataset): Promise<Map<K, number>> {
  const operator = "countByKey";
  const step = chained(plainStep("keys", false, operator), countByValueStep(undefined, operator));
  return mapOnDriver(await collectedAfter<[K, number]>(on, operator, step), operator);
}

export async function collectAsMap<K, V>(on: Dataset): Promise<Map<K, V>> {
  const operator = "collectAsMap";
  const last = new KeyMap<K, V>();
  const step = narrowStep("mapValues", operators.identity.ref(), true, operator); // refuses records that are not pairs
  const pairs = await collectedAfter<[K, V]>(on, operator, step);
  naming(operator, () => {
    for (const [key, value] of pairs) last.set(key, value);
  });
  return mapOnDriver(last, operator);
}

export async function reduceByKeyLocally<K, V>(on: Dataset, fn: (a: V, b: V) => V): Promise<Map<K, V>> {
  const operator = "reduceByKeyLocally";
  const reduce = operators.reducePartition.ref(() => [fn], on.ship(fn, operator).site);
  const step = narrowStep("mapPartitions", reduce, false, operator);
  const all = new KeyMap<K, V>();
  for (const [key, value] of await collectedAfter<[K, V]>(on, operator, step)) {
    all.merge(key, value, (a, b) => fn(a, b));
  }
  return mapOnDriver(all, operator);
}

/** @throws KEY_NOT_COMPARABLE */
export async function lookup<V>(on: Dataset, key: unknown): Promise<V[]> {
  const operator = "lookup";
  naming(operator, () => hashKey(key)); // refuses invalid keys before anything runs
  on.context.requireBatch(operator);
  const wanted = operators.hasKey.ref(() => [key]);
  const target = on.take(chained(narrowStep("filter", wanted, true, operator), plainStep("values")));
  const partition = await partitionWith(on, key);
  return collected<V>(on, operator, target, partition === undefined ? undefined : [partition]);
}

/** The only partition that can contain a key, if known. */
async function partitionWith({ context, lineage }: Dataset, key: unknown): Promise<number | undefined> {
  await resolveSources(lineage);
  const placed = context.planner.layout().partitioningOf(lineage);
  return placed === undefined ? undefined : placeOf(placed, key);
}

function placeOf(placed: ResolvedPartitioning, key: unknown): number | undefined {
  if (placed.kind === "hash") return partitionOf(key, placed.partitions);
  const place = placed.partitioner?.place(key);
  return place !== undefined && Number.isInteger(place) && place >= 0 && place < placed.partitions ? place : undefined;
}
