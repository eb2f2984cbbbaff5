import { type JobId, jobId } from "@millrace/base";
import type { JobSummary } from "@millrace/rpc";
import type { OperatorClient } from "@millrace/rpc/grpc";
import type { Command } from "commander";
import { type Console, outJson, tell } from "../console.ts";
import { describeWireFailure, EXIT, type SetExit } from "../failure.ts";
import { type AskedJob, askToEnd, tellEndedAlready } from "../job-end.ts";
import { type GlobalOptions, type OperatorOptions, withOperator, withOperatorOptions } from "../operator-command.ts";
import { untilOver } from "../waiting.ts";

interface StopOptions extends OperatorOptions {
  readonly wait: boolean;
}

export function registerStop(program: Command, console: Console, setExit: SetExit): Command {
  return withOperatorOptions(program.command("stop"))
    .argument("<id>", "the job's id, as listed by `jobs`")
    .option("--no-wait", "return at once; `status` then says what the job waits for")
    .description("stop a job gracefully, after processing all received data, and wait until it has ended")
    .action(async (id: string, options: StopOptions) => {
      const { job, already } = await withOperator(console, options, async (operator, address): Promise<AskedJob> => {
        const asked = await askToEnd(operator, jobId(id), "stop");
        if (asked.already || !options.wait) return asked;
        return { job: await ended(console, { operator, address, id: asked.job.id }), already: false };
      });
      if (options.json) await outJson(console, job);
      else if (already) return tellEndedAlready(console, job);
      else if (job.endedAt === undefined) tell(console, `job ${job.id} was asked to stop; it is now ${job.state}`);
      else tell(console, `job ${job.id} is ${job.state}`);
      if (already || job.error === undefined) return;
      if (!options.json) console.err(describeWireFailure(job.error, program.opts<GlobalOptions>().verbose === true));
      setExit(EXIT.failed);
    });
}

/** Waits for the end of a job that stops, which is bounded by its `stop.timeout`. */
async function ended(
  console: Console,
  { operator, address, id }: { readonly operator: OperatorClient; readonly address: string; readonly id: JobId },
): Promise<JobSummary> {
  const goesOn = `job ${id} goes on stopping; millrace status ${id} says what it waits for`;
  await untilOver(console, { operator, address, whose: { job: id }, who: `job ${id} stops`, goesOn });
  return operator.status(id);
}
