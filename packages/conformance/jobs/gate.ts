// Where code of a job under test stops until the test lets it go on: `GateServer` is the other end.
import { connect } from "node:net";
import { TaskContext } from "millrace";

/** Reports this task to the test, and waits to be released. Resolves with the records as an array. Empty partitions pass. */
export async function gate<T>(port: number, at: string, values: Iterable<T>): Promise<T[]> {
  const { partitionId: partition, attemptNumber: attempt } = TaskContext.get();
  const records = [...values];
  if (port !== 0 && records.length > 0) await stand(port, { at, partition, attempt, records: records.length });
  return records;
}

/** The same on the driver. Resolves with nothing; passes without records. */
export async function driverGate(port: number, at: string, records: number): Promise<void> {
  if (records > 0) await stand(port, { at, partition: 0, attempt: 0, records });
}

function stand(port: number, report: Readonly<Record<string, string | number>>): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const { pid, ppid } = process;
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(`${JSON.stringify({ ...report, pid, ppid })}\n`);
    });
    socket.once("data", () => {
      socket.destroy();
      resolve();
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new Error(`the gate ${report.at} was closed`)));
  });
}
