// An entry point of its own, as for the batch log: only jobs with a received log load it.
export {
  listReceivedLog,
  readLoggedBlock,
  removeSegments,
} from "./received-log/received-log-reader.ts";
export {
  type BlockToLog,
  ReceivedLogWriter,
} from "./received-log/received-log-writer.ts";
