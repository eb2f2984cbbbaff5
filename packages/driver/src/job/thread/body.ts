import {
  type ActionResult,
  buildJob,
  type EnginePort,
  type JobGraph,
  type JobRegistry,
  jobConf,
  type RecalledReceived,
} from "@millrace/api/engine";
import {
  afterStep,
  assert,
  beforeStep,
  type EngineError,
  type EpochMs,
  type ErrorFactory,
  errorKind,
  fromWireError,
  toWireError,
  unreachable,
  type WarningFactory,
  type WarningSink,
  type WireError,
  warningKind,
} from "@millrace/base";
import type { Location } from "@millrace/files";
import type {
  ActionPlan,
  BatchInput,
  BlockId,
  BlockLocation,
  CheckpointProbe,
  CommittedBatches,
  PreparedOutput,
} from "@millrace/plan";
import { type PartFinding, resumedBatches } from "@millrace/scheduler";
import { leaveProbe, removeProbe } from "@millrace/storage";
import type { Processes } from "../../lease/processes.ts";
import { toWireOutcome } from "../batch-failure.ts";
import { commitOutputs, discardOutputs } from "../commit-outputs.ts";
import type { BatchJournal } from "./batch-journal.ts";
import { drawnId } from "./drawn-id.ts";
import type { Answer, FromJobThread, JobLog, ToJobThread } from "./protocol.ts";

const withoutCheckpoint: ErrorFactory = errorKind("SAVEPOINT_WITHOUT_CHECKPOINT", "user");

const serverFailing: WarningFactory = warningKind("SERVER_FAILING", { lasting: true });

type Build = Extract<ToJobThread, { readonly type: "build" }>;

interface Request {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The job's default export and the functions it registered while it loaded. */
export interface JobModule {
  readonly exported: unknown;
  readonly registry: JobRegistry;
}

/** The surroundings of the job's code on the driver: a worker thread, or a test. */
export interface JobThreadPorts extends Pick<EnginePort, "clock" | "files" | "write"> {
  load(): Promise<JobModule>;
  /** Only called for a job with a log, so that others need not load the code. */
  loadJournal(): Promise<typeof BatchJournal>;
  post(message: FromJobThread, transfer?: ArrayBuffer[]): void;
  /** Those that may own its checkpoint directory. */
  readonly processes: Processes;
  /** Lets the thread end when it has nothing left to do. */
  leave(): void;
}

/**
 * The job's side of its driver: builds the graph, runs one batch after the other, and leaves all else to the main
 * thread.
 */
export class JobThreadBody {
  readonly #ports: JobThreadPorts;
  readonly #requests = new Map<number, Request>();
  #nextRequest = 0;
  #graph: JobGraph | undefined;
  #parallelism = 0;
  /** Of a job that names its checkpoint directory. */
  #journal: BatchJournal | undefined;
  /** Executors that join read it. */
  #probe: CheckpointProbe | undefined;
  /** Batches have begun, and the log is this run's; false: they could not, and the job fails with that. */
  #started: Promise<boolean> = Promise.resolve(false);
  /** The directory is left to the next owner. */
  #released = false;
  #discarding: Promise<unknown> = Promise.resolve();
  /** The entry that is being written, or one that could not be: false, and the job fails with that. */
  #logging: Promise<boolean> | undefined;

  constructor(ports: JobThreadPorts) {
    this.#ports = ports;
  }

  onMessage(message: ToJobThread): void {
    switch (message.type) {
      case "build":
        return void this.#build(message);
      case "startBatches":
        this.#parallelism = message.defaultParallelism;
        this.#started = this.#startBatches(message.zeroTime, message.received);
        return;
      case "fixInput":
        return this.#next(() => void this.#fixInput(message.time));
      case "runBatch":
        return this.#next(() => this.#runBatch(message.input, message.states));
      case "logPrepared": {
        const { time, prepared, error } = message;
        return this.#log(
          (journal) => journal.prepared(time, prepared, error),
          () => this.#ports.post({ type: "logged", time }),
        );
      }
      case "logEnded":
        return this.#log(
          (journal) => journal.ended(message.ended),
          () => this.#ports.post({ type: "endLogged" }),
        );
      case "prove":
        return void this.#prove();
      case "removeReceived":
        return this.#next(() => void this.#removeReceived(message.segments));
      case "commit":
        return this.#next(() => void this.#commit(message.time, message.outputs));
      case "discard":
        return this.#next(() => void this.#discarded(this.#discard(message.time, message.outputs)));
      case "cancelBatch":
        return void this.#discarded(this.#graph?.cancelBatch(message.time));
      case "batchEnded":
        return this.#next(() => this.#release(message.time, message.failed));
      case "observe":
        return this.#graph?.observe(message.event);
      case "end":
        return void this.#end(message.error);
      case "leave":
        return this.#ports.leave();
      case "answer":
        return this.#answer(message.id, message.answer);
      default:
        return unreachable(message);
    }
  }

  /** @param problem Of calls that are repeated; `undefined`: it is over. */
  onServerFailing(place: string, problem: string | undefined): void {
    if (problem === undefined)
      return this.#ports.post({ type: "warningOver", over: { subject: place, message: `${place} answers again` } });
    const message = `calls at ${place} fail, and are repeated: ${problem}. Batches that need it wait, and nothing is lost.`;
    this.#ports.post({ type: "warn", warning: serverFailing(place, message) });
  }

  async #build(message: Build): Promise<void> {
    try {
      const { exported, registry } = await this.#ports.load();
      const { "driver.heap": heapBytes } = jobConf(exported, message.conf);
      this.#ports.post({ type: "heap", heapBytes });
      if (message.heapBytes !== undefined && heapBytes !== message.heapBytes) return;
      this.#graph = await buildJob(exported, {
        port: this.#port(),
        registry,
        name: message.name,
        args: message.args,
        conf: message.conf,
        directory: message.directory,
        availableNow: message.availableNow,
      });
      const { name, batchIntervalMs, conf, receivers, polls, slides, logged } = this.#graph;
      const { compareWith } = message;
      const findings =
        compareWith === undefined ? undefined : await this.#compare(this.#graph, this.#ports.files.parse(compareWith));
      if (!logged && this.#graph.conf["checkpoint.from"] !== "none") throw noCheckpoint();
      const connections = message.connects ? await this.#graph.connect() : undefined;
      const opens = findings === undefined && connections === undefined; // what cannot be reached, it would wait for
      if (logged && opens) this.#journal = await this.#openJournal(this.#graph, message);
      const log = this.#journal && (await this.#foundLog(this.#graph, this.#journal));
      if (message.probes && findings === undefined) this.#probe = await this.#leaveProbe(this.#graph);
      const probe = this.#probe;
      const built = { name, batchIntervalMs, conf, receivers, polls, slides, findings, connections, log, probe };
      this.#ports.post({ type: "built", ...built });
    } catch (error) {
      this.#ports.post({ type: "failed", error: toWireError(error) });
    }
  }

  async #openJournal(graph: JobGraph, { drop, looksOnly }: Build): Promise<BatchJournal> {
    const journal = await this.#ports.loadJournal();
    const { clock, processes, files, post } = this.#ports;
    const sink: WarningSink = {
      warn: (warning) => post({ type: "warn", warning }),
      warningOver: (over) => post({ type: "warningOver", over }),
    };
    const onLost = (error: EngineError): void => post({ type: "failed", error: toWireError(error) });
    const owner = looksOnly ? undefined : { clock, processes, sink, onLost };
    const from = graph.conf["checkpoint.from"];
    const savepoint = from === "none" ? undefined : files.parse(from);
    return journal.open(files.for(graph.checkpointDir), graph, { warn: sink.warn, owner, drop, savepoint });
  }

  /** Executors write state, and blocks of the received log. */
  async #leaveProbe({ logged, stateful, checkpointDir }: JobGraph): Promise<CheckpointProbe | undefined> {
    return logged || stateful ? leaveProbe(this.#ports.files.for(checkpointDir), checkpointDir) : undefined;
  }

  async #compare(graph: JobGraph, directory: Location): Promise<readonly PartFinding[]> {
    const journal = await this.#ports.loadJournal();
    const { name, batchIntervalMs, parts } = graph;
    const asDeclared = { name, batchIntervalMs, parts, checkpointDir: directory };
    return journal.compare(this.#ports.files.for(directory), asDeclared);
  }

  async #foundLog(graph: JobGraph, journal: BatchJournal): Promise<JobLog> {
    const { found, epoch, dropped } = journal;
    const { remembered, pending } =
      found === undefined ? { remembered: [], pending: undefined } : graph.recalled(found);
    const received = {
      pending,
      remembered,
      marks: found?.received ?? new Map(),
      dropped,
      log: await journal.received(),
    };
    return { directory: graph.checkpointDir, epoch, resumed: found && resumedBatches(found), received };
  }

  async #prove(): Promise<void> {
    try {
      await this.#journal?.prove();
      if (!this.#released) this.#ports.post({ type: "proved" });
    } catch (error) {
      if (!this.#released) this.#ports.post({ type: "failed", error: toWireError(error) });
    }
  }

  /** Not before the log is this run's: until then another one may go on from it. */
  async #removeReceived(segments: readonly string[]): Promise<void> {
    if (!(await this.#started)) return;
    await this.#journal?.removeReceived(segments).catch(() => {}); // the next entry finds that another one owns the directory
  }

  async #startBatches(zeroTime: EpochMs, received: RecalledReceived): Promise<boolean> {
    try {
      const journal = this.#journal;
      const { found } = journal ?? {};
      // With imported state, all but that state begins anew.
      const recalled = found?.zeroTime === undefined ? undefined : found;
      const log = journal && { epoch: journal.epoch, found: recalled, received };
      await this.#graph?.startBatches(zeroTime, { id: journal?.id ?? drawnId(), log });
      await journal?.take(zeroTime);
      return true;
    } catch (error) {
      this.#ports.post({ type: "failed", error: toWireError(error) });
      return false;
    }
  }

  async #end(error: WireError | undefined): Promise<void> {
    await this.#logging;
    const ended = this.#graph?.end(error === undefined ? undefined : fromWireError(error));
    const [goesOn] = await Promise.all([ended, this.#discarding]); // the thread ends soon after
    const probe = this.#probe;
    if (probe !== undefined) await removeProbe(this.#ports.files.for(probe.directory), probe);
    this.#released = true;
    await this.#journal?.release();
    this.#ports.post({ type: "ended", goesOn: goesOn ?? false });
  }

  async #fixInput(time: EpochMs): Promise<void> {
    const fixed = await this.#graph?.fixInput(time);
    if (fixed !== undefined) this.#ports.post({ type: "inputFixed", time, ...fixed });
  }

  #runBatch(input: BatchInput, states: CommittedBatches["states"]): void {
    if (this.#journal === undefined) return void this.#runOutputs(input, states);
    this.#log(
      (journal) => journal.planned(input),
      () => void this.#runOutputs(input, states),
    );
  }

  async #runOutputs(input: BatchInput, states: CommittedBatches["states"]): Promise<void> {
    const outcome = await this.#graph?.runBatch({ ...input, states });
    if (outcome !== undefined)
      this.#ports.post({ type: "outputsDone", time: input.time, outcome: toWireOutcome(outcome) });
  }

  /** Writes an entry. @param then Called when it is written; never, if it cannot be. */
  #log(write: (journal: BatchJournal) => Promise<void>, then: () => void): void {
    const logging = this.#write(write);
    this.#logging = logging;
    void logging.then((logged) => {
      if (!logged) return;
      if (this.#logging === logging) this.#logging = undefined;
      then();
    });
  }

  async #write(write: (journal: BatchJournal) => Promise<void>): Promise<boolean> {
    if (!(await this.#started)) return false; // the log belongs to an earlier run
    try {
      assert(this.#journal !== undefined, "only a job with a log logs");
      await write(this.#journal);
      return true;
    } catch (error) {
      this.#ports.post({ type: "failed", error: toWireError(error) });
      return false;
    }
  }

  /** Does what follows the entries that are being written; nothing, if one cannot be. */
  #next(deed: () => void): void {
    if (this.#logging === undefined) deed();
    else void this.#logging.then((logged) => logged && deed());
  }

  async #commit(time: EpochMs, outputs: readonly PreparedOutput[]): Promise<void> {
    const started = await this.#started; // a commit may be left from an earlier run
    if (!started || this.#graph === undefined) return;
    try {
      const refused = await commitOutputs(this.#graph, time, outputs, async () => this.#journal?.prove());
      this.#ports.post({ type: "committed", time, refused });
    } catch (error) {
      this.#ports.post({ type: "failed", error: toWireError(error) });
    }
  }

  /** What is prepared may be logged: another owner commits it then. */
  async #discard(time: EpochMs, outputs: readonly PreparedOutput[]): Promise<void> {
    try {
      await this.#journal?.prove();
    } catch {
      return; // the job ends with that as soon as it does anything else
    }
    if (this.#graph !== undefined) await discardOutputs(this.#graph, time, outputs);
  }

  async #discarded(done: Promise<void> | undefined): Promise<void> {
    if (done === undefined) return;
    this.#discarding = Promise.all([this.#discarding, done]);
    await done;
    this.#ports.post({ type: "discarded" });
  }

  #release(time: EpochMs, failed: boolean): void {
    beforeStep("release");
    const released = this.#graph?.release(time, { committed: !failed });
    if (released !== undefined && released.times.length > 0) this.#ports.post({ type: "released", ...released });
    afterStep("release");
  }

  #answer(id: number, answer: Answer): void {
    const request = this.#requests.get(id);
    this.#requests.delete(id);
    if (answer.ok) request?.resolve(answer.value);
    else request?.reject(fromWireError(answer.error));
  }

  #ask(make: (id: number) => FromJobThread): Promise<unknown> {
    const id = this.#nextRequest++;
    return new Promise((resolve, reject) => {
      this.#requests.set(id, { resolve, reject });
      this.#ports.post(make(id));
    });
  }

  #port(): EnginePort {
    const body = this;
    const { clock, files } = this.#ports;
    return {
      get defaultParallelism() {
        return body.#parallelism;
      },
      clock,
      files,
      // The answers have the types that the main thread gives to these requests: both ends are in this folder.
      run: (plan: ActionPlan) => this.#ask((id) => ({ type: "runPlan", id, plan })) as Promise<ActionResult>,
      putBlock: (name: BlockId, parts: readonly Uint8Array[]) =>
        this.#ask((id) => ({ type: "putBlock", id, name, parts })) as Promise<BlockLocation>,
      dropBlocks: (blocks) => this.#ports.post({ type: "dropBlocks", blocks }),
      dropShuffles: (shuffles) => this.#ports.post({ type: "released", times: [], shuffles }),
      write: (text) => this.#ports.write(text),
      warn: (warning) => this.#ports.post({ type: "warn", warning }),
      warningOver: (over) => this.#ports.post({ type: "warningOver", over }),
      watch: (on) => this.#ports.post({ type: "watch", on }),
      stop: (graceful) => this.#ports.post({ type: "stopJob", graceful }),
    };
  }
}

function noCheckpoint(): EngineError {
  return withoutCheckpoint(
    "a job can start from a savepoint only if it names a checkpoint directory of its own, to which the savepoint is copied. It is not started. " +
      "Name an empty one, with checkpointDir of defineJob or ssc.checkpoint(directory).",
  );
}
