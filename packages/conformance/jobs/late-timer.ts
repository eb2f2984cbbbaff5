// Starts a timer, in an operator, that throws when the task, the only one, is done.
import { defineJob } from "millrace";

export default defineJob({ name: "late-timer", batchInterval: "200ms" }, (ssc) => {
  ssc
    .queueStream([[1]])
    .map((n) => {
      setTimeout(() => {
        throw new Error("in a timer");
      }, 5);
      return n;
    })
    .print();
});
