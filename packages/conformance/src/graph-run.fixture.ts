import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineJob } from "@millrace/api";
import type { Faults } from "@millrace/testing/faults";
import { testJobUnder } from "@millrace/testing/faults";
import type { TestJobOptions } from "millrace/testing";
import { buildGraph, type OutputBatch, typesOf } from "../jobs/graph/build.ts";
import type { AnyContext, Graph, GraphNode } from "../jobs/graph/graph.ts";
import { toJson } from "../jobs/graph/json.ts";
import { runOracle } from "./oracle/context.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile } from "./test-cluster.fixture.ts";

export interface GraphRun {
  readonly graph: Graph;
  readonly batches: number;
  /** Partitions when nothing says otherwise. */
  readonly parallelism: number;
  /** Tables of tasks go to disk at once. */
  readonly spills?: boolean;
}

const SECOND = 1000;

/** The outputs of a graph by definition. */
export async function runByOracle({ graph, batches, parallelism }: GraphRun): Promise<OutputBatch[]> {
  const outputs: OutputBatch[] = [];
  await runOracle(
    { batchInterval: SECOND, parallelism, batches },
    (ssc) => buildGraph(ssc as unknown as AnyContext, graph, (output) => outputs.push(output)), // has all that graphs use
  );
  return outputs;
}

/** The outputs on the engine, in this thread, also with faults. */
export async function runInThread(run: GraphRun, faults?: Faults): Promise<OutputBatch[]> {
  const { graph, batches, parallelism, spills = false } = run;
  const outputs: OutputBatch[] = [];
  const job = defineJob(
    { name: "graph", batchInterval: SECOND },
    (ssc) => buildGraph(ssc as unknown as AnyContext, graph, (output) => outputs.push(output)), // has all that graphs use
  );
  const conf: TestJobOptions["conf"] = spills ? { "shuffle.spill.bytes": 1 } : {};
  const t = await testJobUnder(faults, job, { parallelism, conf });
  try {
    await t.advance(batches * SECOND);
  } finally {
    await t.stop();
  }
  return outputs;
}

/** The outputs on a cluster: `local[4]`, `local-cluster[2,2]`. */
export async function runOnMaster({ graph, batches, parallelism }: GraphRun, master: string): Promise<OutputBatch[]> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-graph-"));
  const path = join(folder, "graph.json");
  await writeFile(path, JSON.stringify(toJson(graph)));
  const conf = `default.parallelism=${parallelism}`;
  const options = ["--master", master, "--batches", String(batches), "--conf", conf];
  const run = TestProcess.millrace(["run", jobFile("random-graph"), ...options, "--", path]);
  try {
    const { code, stdout, stderr } = await run.ended;
    if (code !== 0) throw new Error(`the graph exited with ${code} on ${master}:\n${stderr}`);
    return [...stdout.matchAll(/^output (.*)$/gm)].map(([, json = ""]) => JSON.parse(json) as OutputBatch); // what the job says
  } finally {
    await run.end();
    await rm(folder, { recursive: true });
  }
}

/** Outputs as far as they are defined, to be compared: where no order is, in that of their texts. */
export function definedPart(graph: Graph, outputs: readonly OutputBatch[]): unknown[] {
  const types = typesOf(graph);
  return outputs.map(({ stream, batch, partitions }) => {
    const { sequence = false, placed = false } = types[stream] ?? {};
    const inOrder = (records: readonly string[]): readonly string[] => (sequence ? records : [...records].sort());
    if (placed) return { stream, batch, partitions: partitions.map(inOrder) };
    return { stream, batch, records: inOrder(partitions.flat()) };
  });
}

/** Several graphs as one, side by side. */
export function together(graphs: readonly Graph[]): Graph {
  const sources = graphs.flatMap((graph) => graph.sources);
  const nodes: GraphNode[] = [];
  let sourcesBefore = 0;
  for (const graph of graphs) {
    const own = graph.sources.length;
    const [firstSource, firstNode] = [sourcesBefore, sources.length + nodes.length - own];
    const moved = (stream: number): number => stream + (stream < own ? firstSource : firstNode);
    nodes.push(...graph.nodes.map((node) => ({ ...node, of: node.of.map(moved) })));
    sourcesBefore += own;
  }
  return { sources, nodes };
}
