import { assert, type EngineError, type ExecutorId } from "@millrace/base";
import {
  type BlockId,
  type BlockLocation,
  type Holder,
  type PlannedInput,
  type ShuffleId,
  shuffleBlockId,
  shuffleId,
  type TaskInput,
} from "@millrace/plan";
import { lostInput, unknownShuffle } from "./task-errors.ts";
import {
  DONE,
  type Executor,
  IDLE,
  type MapOutput,
  type ShuffleOutputs,
  type Stage,
  type TaskScheduler,
} from "./task-state.ts";

/** Registers the output of map task `map`. O(reduce partitions). */
export function registerOutput(outputs: ShuffleOutputs, map: number, output: MapOutput): void {
  assert(outputs.maps[map] === undefined, `map ${map} of shuffle ${outputs.shuffle} is registered already`);
  assert(
    output.bytes.length === outputs.partitions,
    `map ${map} of shuffle ${outputs.shuffle} reports ${output.bytes.length} blocks, not ${outputs.partitions}`,
  );
  outputs.maps[map] = output;
  outputs.missing--;
  addBytes(outputs, output);
}

function addBytes(outputs: ShuffleOutputs, output: MapOutput): void {
  let sums = outputs.bytesAt.get(output.executor);
  if (sums === undefined) {
    sums = new Float64Array(outputs.partitions);
    outputs.bytesAt.set(output.executor, sums);
  }
  for (let r = 0; r < sums.length; r++) sums[r] = (sums[r] ?? 0) + (output.bytes[r] ?? 0);
}

/**
 * Drops every output of the stage's shuffle held by `executor`. Its tasks must run again, unless another executor has a
 * copy, which takes its place. O(map tasks).
 */
export function loseOutputs(stage: Stage, executor: ExecutorId): void {
  const { outputs } = stage;
  if (outputs === undefined) return;
  const held = outputs.bytesAt.delete(executor);
  for (let map = 0; map < outputs.maps.length; map++) {
    const output = outputs.maps[map];
    if (output === undefined) continue;
    if (output.replica === executor) output.replica = undefined;
    if (!held || output.executor !== executor) continue;
    assert(stage.status[map] === DONE, `map ${map} of shuffle ${outputs.shuffle} has output but is not done`);
    if (output.replica !== undefined) {
      output.executor = output.replica;
      output.replica = undefined;
      addBytes(outputs, output);
      continue;
    }
    outputs.maps[map] = undefined;
    outputs.missing++;
    stage.status[map] = IDLE;
    stage.todo++;
  }
}

/** Drops the output of one map task, which must run again. O(map tasks). */
export function forgetOutput(stage: Stage, map: number): void {
  const { outputs } = stage;
  const output = outputs?.maps[map];
  if (outputs === undefined || output === undefined) return;
  outputs.maps[map] = undefined;
  outputs.missing++;
  stage.status[map] = IDLE;
  stage.todo++;
  const sums = outputs.bytesAt.get(output.executor);
  for (let r = 0; sums !== undefined && r < sums.length; r++) sums[r] = (sums[r] ?? 0) - (output.bytes[r] ?? 0);
  if (!outputs.maps.some((other) => other?.executor === output.executor)) outputs.bytesAt.delete(output.executor);
}

/** Like `loseOutputs`, for results that the driver has not yet fetched from `executor`. */
export function loseResults(stage: Stage, executor: ExecutorId): void {
  for (let i = 0; i < stage.results.length; i++) {
    const result = stage.results[i];
    if (result?.executor !== executor || result.result.kind !== "block") continue;
    stage.results[i] = undefined;
    stage.status[i] = IDLE;
    stage.todo++;
  }
}

/** The parts of `shuffle/<shuffle>/<map>/<attempt>/<reduce>`, or `undefined` for any other block. */
export function parseShuffleBlock(
  block: BlockId,
): { readonly shuffle: ShuffleId; readonly map: number; readonly attempt: number } | undefined {
  const match = /^shuffle\/(\d+)\/(\d+)\/(\d+)\/\d+$/.exec(block);
  if (match === null) return undefined;
  return { shuffle: shuffleId(Number(match[1])), map: Number(match[2]), attempt: Number(match[3]) };
}

/**
 * The inputs of a task with shuffles replaced by the blocks to fetch, in the order of the map tasks, and without lost
 * holders. O(map tasks of the shuffles it reads).
 *
 * @returns The inputs, or an error if a block has no holder left and is not in the received log.
 */
export function resolveInputs(state: TaskScheduler, stage: Stage, index: number): readonly TaskInput[] | EngineError {
  const planned = stage.planned.tasks[index]?.inputs ?? [];
  const resolved: TaskInput[] = [];
  for (const input of planned) {
    if (input.kind === "shuffle") {
      const outputs = state.shuffles.get(input.shuffle)?.outputs;
      if (outputs === undefined) return unknownShuffle(input.shuffle, stage.planned.name);
      resolved.push({ kind: "blocks", blocks: shuffleBlocks(state, outputs, input.partition) });
    } else if (input.kind === "mapOutput") {
      const outputs = state.shuffles.get(input.shuffle)?.outputs;
      if (outputs === undefined) return unknownShuffle(input.shuffle, stage.planned.name);
      const block = mapBlock(state, outputs, input.map, 0);
      resolved.push({ kind: "blocks", blocks: block === undefined ? [] : [block] });
    } else if (input.kind === "blocks" && !input.blocks.every((block) => allHold(state, stage, block))) {
      const blocks: BlockLocation[] = [];
      for (const block of input.blocks) {
        const at = holdersOf(state, stage, block);
        const { id, bytes, logged } = block;
        if (at.length === 0 && logged === undefined) return lostInput(stage, index, id);
        blocks.push({ id, bytes, at, ...(logged === undefined ? {} : { logged }) });
      }
      resolved.push({ kind: "blocks", blocks });
    } else {
      resolved.push(input);
    }
  }
  return resolved;
}

function shuffleBlocks(state: TaskScheduler, outputs: ShuffleOutputs, reduce: number): readonly BlockLocation[] {
  const blocks: BlockLocation[] = [];
  for (let map = 0; map < outputs.maps.length; map++) {
    const block = mapBlock(state, outputs, map, reduce);
    if (block !== undefined) blocks.push(block);
  }
  return blocks;
}

/** The output of a map task for a reducer; `undefined` if there is none. */
function mapBlock(
  state: TaskScheduler,
  outputs: ShuffleOutputs,
  map: number,
  reduce: number,
): BlockLocation | undefined {
  const output = outputs.maps[map];
  if (output === undefined) assert(false, `map ${map} of shuffle ${outputs.shuffle} is read before it is there`);
  const bytes = output.bytes[reduce] ?? 0;
  if (bytes === 0) return undefined;
  const executor = state.executors.get(output.executor);
  if (executor === undefined) assert(false, `${output.executor} is gone but holds map ${map} of ${outputs.shuffle}`);
  const id = shuffleBlockId(outputs.shuffle, map, output.attempt, reduce);
  const copy = output.copies?.[reduce];
  const at = output.replica === undefined ? executor.at : [output.executor, output.replica];
  return copy === undefined ? { id, bytes, at } : { id, bytes, at, copy };
}

/**
 * Sets the `score` of each ready executor to the size of the task's input that it holds.
 *
 * @returns True if any holds some.
 */
export function scoreInputs(state: TaskScheduler, stage: Stage, index: number): boolean {
  for (const executor of state.ready) executor.score = 0;
  let any = false;
  for (const input of stage.planned.tasks[index]?.inputs ?? []) {
    if (input.kind === "shuffle") any = scoreShuffle(state, input) || any;
    else if (input.kind === "mapOutput") any = scoreMapOutput(state, input) || any;
    else if (input.kind === "blocks") any = scoreBlocks(state, stage, input.blocks) || any;
  }
  return any;
}

function scoreShuffle(state: TaskScheduler, input: Extract<PlannedInput, { kind: "shuffle" }>): boolean {
  const outputs = state.shuffles.get(input.shuffle)?.outputs;
  if (outputs === undefined) return false;
  for (const [id, sums] of outputs.bytesAt) addScore(state.executors.get(id), sums[input.partition] ?? 0);
  return outputs.bytesAt.size > 0;
}

function scoreMapOutput(state: TaskScheduler, input: Extract<PlannedInput, { kind: "mapOutput" }>): boolean {
  const output = state.shuffles.get(input.shuffle)?.outputs?.maps[input.map];
  if (output === undefined) return false;
  addScore(state.executors.get(output.executor), output.bytes[0] ?? 0);
  if (output.replica !== undefined) addScore(state.executors.get(output.replica), output.bytes[0] ?? 0);
  return true;
}

function scoreBlocks(state: TaskScheduler, stage: Stage, blocks: readonly BlockLocation[]): boolean {
  let any = false;
  for (const block of blocks) {
    for (const holder of holdersOf(state, stage, block)) {
      if (holder === "driver") continue;
      addScore(state.executors.get(holder), block.bytes);
      any = true;
    }
  }
  return any;
}

function addScore(executor: Executor | undefined, bytes: number): void {
  if (executor !== undefined) executor.score += bytes;
}

/** The holders that the plan names and that can still have the block, and those that it was copied to since. */
function holdersOf(state: TaskScheduler, stage: Stage, block: BlockLocation): readonly Holder[] {
  const added = state.addedHolders.get(block.id);
  if (added === undefined && allHold(state, stage, block)) return block.at;
  const at = block.at.filter((holder) => holds(state, stage, holder));
  return added === undefined ? at : [...at, ...added.filter((holder) => !at.includes(holder))];
}

/**
 * True if a holder named by the plan can still have the block: an executor of that name that joined later is empty.
 */
function holds(state: TaskScheduler, stage: Stage, holder: Holder): boolean {
  if (holder === "driver") return true;
  const executor = state.executors.get(holder);
  return executor !== undefined && executor.since < stage.since;
}

function allHold(state: TaskScheduler, stage: Stage, block: BlockLocation): boolean {
  for (const holder of block.at) if (!holds(state, stage, holder)) return false;
  return block.at.length > 0;
}
