/**
 * Watches the log files that services leave in HDFS: the share of failed requests of each service, over a sliding window. Whoever
 * exceeds the limit, or is below it again, is reported to a Kafka topic, once.
 *
 *     millrace submit log-monitoring.ts -- BROKERS hdfs://HOST/logs
 */
import { saveToKafka } from "@millrace/kafka";
import "@millrace/hdfs";
import { defineJob, type State } from "millrace";

interface Load {
  readonly requests: number;
  readonly errors: number;
}

const ERRORS_MAX = 0.1;
/** Fewer requests in a window say nothing. */
const REQUESTS_MIN = 20;

/** The service and status of a line: `2026-11-30T12:00:00Z payments POST /pay 503`. */
const load = (line: string): (readonly [string, Load])[] => {
  const [, service, , , status] = line.split(" ");
  if (service === undefined || status === undefined) return [];
  return [[service, { requests: 1, errors: Number(status) >= 500 ? 1 : 0 }]];
};

const percent = ({ requests, errors }: Load): string => `${((errors / requests) * 100).toFixed(1)} %`;

export default defineJob(
  { name: "log-monitoring", batchInterval: "2s" },
  (ssc, [brokers = "localhost:9092", place = "hdfs://localhost/logs"]) => {
    ssc.checkpoint(`${place}/checkpoint`); // a job that is killed goes on here: no file is left out, no alert is repeated

    const rates = ssc
      .textFileStream(`${place}/in`)
      .named("logs")
      .flatMap(load)
      .reduceByKeyAndWindow(
        (a, b) => ({ requests: a.requests + b.requests, errors: a.errors + b.errors }),
        "10s",
        "2s",
      );

    const alerts = rates
      .filter(([, { requests }]) => requests >= REQUESTS_MIN)
      .mapWithState((service, rate, state: State<boolean>) => {
        const failing = rate !== undefined && rate.errors / rate.requests > ERRORS_MAX;
        if (rate === undefined || failing === (state.getOption() ?? false)) return undefined; // nothing new
        state.update(failing);
        return { key: service, value: `${service} ${failing ? "FAILING" : "recovered"}: ${percent(rate)} errors` };
      })
      .named("failing");

    saveToKafka(alerts, { brokers, topic: "alerts", transactionalId: "log-monitoring" }).named("alerts");
    rates
      .map(([service, rate]) => `${service},${rate.requests},${rate.errors}`)
      .saveAsTextFiles(`${place}/rates/window`, "csv")
      .named("rates");
  },
);
