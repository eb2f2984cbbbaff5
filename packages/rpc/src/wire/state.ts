import { epochMs } from "@millrace/base";
import { locationFrom } from "@millrace/files";
import type { StateHeads, StateRef, StateVersion } from "@millrace/plan";
import type {
  FormerHeads as FormerInput,
  FormerHeads__Output as FormerOutput,
} from "../gen/millrace/session/v1/FormerHeads.ts";
import type { StateRef as StateInput, StateRef__Output as StateOutput } from "../gen/millrace/session/v1/StateRef.ts";
import type {
  StateVersion as VersionInput,
  StateVersion__Output as VersionOutput,
} from "../gen/millrace/session/v1/StateVersion.ts";
import { malformed, required } from "./required.ts";

export function encodeState(state: StateRef): StateInput {
  const { operator, partition, partitions, head, from, first, oldest, batch, directory, writes } = state;
  return {
    ...{ operator, partition, partitions, directory, first, oldestMs: oldest, batchMs: batch },
    ...(head === undefined ? {} : { head: encodeVersion(head) }),
    ...(from === undefined ? {} : { from: encodeFormer(from) }),
    ...(writes === undefined ? {} : { writes: encodeVersion(writes) }),
  };
}

export function decodeState(state: StateOutput): StateRef {
  const { operator, partition, partitions, directory, first, head, from, writes } = state;
  return {
    ...{ operator, partition, partitions, directory: locationFrom(directory), first },
    oldest: epochMs(state.oldestMs),
    batch: epochMs(state.batchMs),
    head: head === null ? undefined : decodeVersion(head),
    ...(from === null ? {} : { from: decodeFormer(from) }),
    writes: writes === null ? undefined : decodeVersion(writes),
  };
}

export function encodeVersion({ batch, attempt, epoch }: StateVersion): VersionInput {
  return { batchMs: batch, attempt, epoch };
}

export function decodeVersion({ batchMs, attempt, epoch }: VersionOutput): StateVersion {
  return { batch: epochMs(batchMs), attempt, epoch };
}

function encodeFormer({ batch, partitions, heads }: StateHeads): FormerInput {
  const there = heads.flatMap((head, partition) =>
    head === undefined ? [] : [{ partition, version: encodeVersion(head) }],
  );
  return { batchMs: batch, partitions, heads: there };
}

function decodeFormer({ batchMs, partitions, heads: there }: FormerOutput): StateHeads {
  const heads = new Array<StateVersion | undefined>(partitions).fill(undefined);
  for (const { partition, version } of there) {
    if (partition >= partitions) throw malformed(`a former state has partition ${partition} of ${partitions}`);
    heads[partition] = decodeVersion(required(version, "version"));
  }
  return { batch: epochMs(batchMs), partitions, heads };
}
