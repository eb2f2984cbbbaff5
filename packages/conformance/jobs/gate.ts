// Where tasks of a job under test stop until the test lets them go on: `GateServer` is the other end.
import { connect } from "node:net";
import { TaskContext } from "millrace";

/** Reports this task to the test, and waits to be released. Resolves with the records as an array. Empty partitions pass. */
export async function gate<T>(port: number, at: string, values: Iterable<T>): Promise<T[]> {
  const { partitionId: partition, attemptNumber: attempt } = TaskContext.get();
  const records = [...values];
  if (port === 0 || records.length === 0) return records;
  await new Promise<void>((resolve, reject) => {
    const { pid, ppid } = process;
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(`${JSON.stringify({ at, partition, attempt, records: records.length, pid, ppid })}\n`);
    });
    socket.once("data", () => {
      socket.destroy();
      resolve();
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new Error(`the gate ${at} was closed`)));
  });
  return records;
}
