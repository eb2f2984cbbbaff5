import { executorId, jobId, unreachable } from "@millrace/base";
import type { FromMember, ToMember } from "../cluster.ts";
import type {
  FromMember as FromInput,
  FromMember__Output as FromOutput,
} from "../gen/millrace/cluster/v1/FromMember.ts";
import type { ToMember as ToInput, ToMember__Output as ToOutput } from "../gen/millrace/cluster/v1/ToMember.ts";
import { decodeError, decodeOptionalError, encodeError } from "./error.ts";
import { malformed, required } from "./required.ts";

export function encodeFromMember(message: FromMember): FromInput {
  switch (message.type) {
    case "hello": {
      const { protocol, executor, slots, memoryBytes, host, pid, jobs } = message;
      return { hello: { protocol, executor, slots, memoryBytes, host, pid, jobs: [...jobs] } };
    }
    case "heartbeat":
      return { heartbeat: {} };
    case "leaving":
      return { leaving: {} };
    case "left":
      return { left: {} };
    case "jobStarted":
      return { jobStarted: { job: message.job, pid: message.pid } };
    case "jobExited":
      return {
        jobExited: { job: message.job, ...(message.error === undefined ? {} : { error: encodeError(message.error) }) },
      };
    default:
      return unreachable(message);
  }
}

/** @throws MESSAGE_MALFORMED Parts are missing, or the type is unknown. */
export function decodeFromMember(wire: FromOutput): FromMember {
  if (wire.heartbeat) return { type: "heartbeat" };
  if (wire.leaving) return { type: "leaving" };
  if (wire.left) return { type: "left" };
  if (wire.hello) {
    const { protocol, executor, slots, memoryBytes, host, pid, jobs } = wire.hello;
    return {
      type: "hello",
      protocol,
      executor: executorId(executor),
      slots,
      memoryBytes,
      host,
      pid,
      jobs: jobs.map(jobId),
    };
  }
  if (wire.jobStarted) return { type: "jobStarted", job: jobId(wire.jobStarted.job), pid: wire.jobStarted.pid };
  if (wire.jobExited) {
    return { type: "jobExited", job: jobId(wire.jobExited.job), error: decodeOptionalError(wire.jobExited.error) };
  }
  throw malformed("a member of the cluster sent a message of an unknown type");
}

export function encodeToMember(message: ToMember): ToInput {
  switch (message.type) {
    case "welcome":
      return { welcome: {} };
    case "refused":
      return { refused: { error: encodeError(message.error) } };
    case "startJob": {
      const { job, driver, token, driverRun, slotHeapBytes, poolBytes } = message;
      return { startJob: { job, driver, token, driverRun, slotHeapBytes, poolBytes } };
    }
    case "holdJob":
      return { holdJob: { job: message.job } };
    case "stopJob":
      return { stopJob: { job: message.job, graceMs: message.graceMs } };
    case "leave":
      return { leave: {} };
    default:
      return unreachable(message);
  }
}

/** @throws MESSAGE_MALFORMED Parts are missing, or the type is unknown. */
export function decodeToMember(wire: ToOutput): ToMember {
  if (wire.welcome) return { type: "welcome" };
  if (wire.refused) return { type: "refused", error: decodeError(required(wire.refused.error, "error")) };
  if (wire.startJob) {
    const { job, driver, token, driverRun, slotHeapBytes, poolBytes } = wire.startJob;
    const { host, port } = required(driver, "driver address");
    return { type: "startJob", job: jobId(job), driver: { host, port }, token, driverRun, slotHeapBytes, poolBytes };
  }
  if (wire.holdJob) return { type: "holdJob", job: jobId(wire.holdJob.job) };
  if (wire.stopJob) return { type: "stopJob", job: jobId(wire.stopJob.job), graceMs: wire.stopJob.graceMs };
  if (wire.leave) return { type: "leave" };
  throw malformed("the driver supervisor sent a message of an unknown type");
}
