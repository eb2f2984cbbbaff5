import type { Clock, EngineError, ProcessIdentity } from "@millrace/base";
import {
  BatchJournal,
  type FromJobThread,
  type JobThread,
  JobThreadBody,
  type OpenJobThread,
  type ToJobThread,
} from "@millrace/driver/in-process";
import { FileSystems } from "@millrace/files";
import type { LoadedJob } from "@millrace/testing/in-process";
import { type FileStep, WatchedFiles } from "./watched-files.fixture.ts";

export interface InThreadJob {
  /** Starts the job in the thread of the test. */
  readonly open: OpenJobThread;
  /** The thread dies by itself. */
  die(error: EngineError): void;
  /** Its process is killed: it does nothing any more, and nobody is told. */
  kill(): void;
}

/** The job drivers' processes of this test, as they look to each other. */
const living = new Set<number>();
let nextPid = 1;

/**
 * The job's own code in the thread of the test, behind the port of a worker thread: messages are copied as they are on
 * their way to a thread, and none is answered before `send` returns.
 */
export function inThreadJob(
  job: LoadedJob,
  clock: Clock,
  tap: {
    toThread(message: ToJobThread): void;
    fromThread(message: FromJobThread): void;
    onFile(step: FileStep): void;
  },
): InThreadJob {
  let killed = false;
  const pid = nextPid++;
  const self: ProcessIdentity = { host: "test", machine: "", pid, start: "" };
  living.add(pid);
  let lose: (error: EngineError) => void = () => undefined;
  return {
    die: (error) => lose(error),
    kill: () => {
      killed = true;
      living.delete(pid);
    },
    open: (options, handlers): JobThread => {
      let over = false;
      let left: (error: undefined) => void = () => undefined;
      const body = new JobThreadBody({
        load: async () => job,
        loadJournal: async () => BatchJournal,
        post: (message) => {
          const copy = structuredClone(message);
          queueMicrotask(() => {
            if (over || killed) return;
            tap.fromThread(copy);
            if (!killed) handlers.onMessage(copy);
          });
        },
        leave: () => left(undefined),
        clock,
        processes: { self, fateOf: ({ pid }) => (living.has(pid) ? "alive" : "dead") },
        files: new FileSystems({
          systems: [new WatchedFiles(tap.onFile, () => killed)],
          directory: process.cwd(),
        }),
        write: (text) => options.output("stdout", Buffer.from(text)),
      });
      const send = (message: ToJobThread): void => {
        const copy = structuredClone(message);
        queueMicrotask(() => {
          if (over || killed) return;
          tap.toThread(copy);
          if (!killed) body.onMessage(copy);
        });
      };
      lose = (error) => {
        over = true;
        handlers.onLost(error);
      };
      send({ type: "build", ...options.build, heapBytes: undefined });
      return {
        send,
        leave: () => {
          const gone = new Promise<undefined>((resolve) => {
            left = resolve;
          });
          send({ type: "leave" });
          return gone;
        },
        terminate: async () => {
          over = true;
          living.delete(pid);
        },
      };
    },
  };
}
