/**
 * Watches a job, on the driver: implement some of these methods in an object or a class, and pass it to
 * `ssc.addStreamingListener`. Methods are called one after the other in the order of events, between the job's own
 * code; batches do not wait for returned promises. Errors are reported as warnings, and fail nothing.
 *
 * All times are epoch ms.
 */
export interface StreamingListener {
  /** Everything that precedes the first batch has started. */
  onStreamingStarted?(event: { readonly time: number }): unknown;
  /** A receiver is connected to its source: for the first time, again, or on another executor. */
  onReceiverStarted?(event: { readonly receiverInfo: ReceiverInfo }): unknown;
  /** A receiver lost its source and tries again, or called `reportError`. */
  onReceiverError?(event: { readonly receiverInfo: ReceiverInfo }): unknown;
  /** A receiver has ended, at least on that executor. */
  onReceiverStopped?(event: { readonly receiverInfo: ReceiverInfo }): unknown;
  /** The input of a batch is fixed. */
  onBatchSubmitted?(event: { readonly batchInfo: BatchInfo }): unknown;
  /** A batch begins to run. */
  onBatchStarted?(event: { readonly batchInfo: BatchInfo }): unknown;
  /** A batch has ended, even if it failed; not if it was cut short. */
  onBatchCompleted?(event: { readonly batchInfo: BatchInfo }): unknown;
  /** An output operation of a batch begins. */
  onOutputOperationStarted?(event: { readonly outputOperationInfo: OutputOperationInfo }): unknown;
  /** An output operation of a batch has ended, even if it failed. */
  onOutputOperationCompleted?(event: { readonly outputOperationInfo: OutputOperationInfo }): unknown;
}

/** The state of a receiver, for listeners. */
export interface ReceiverInfo {
  /** Its number among the job's receivers, from 0 in the order of declaration. */
  readonly streamId: number;
  /** Its name for the operator: `socketTextStream localhost:9999`, or the one given with `named`. */
  readonly name: string;
  /** It is connected to its source. */
  readonly active: boolean;
  /** The host name of its executor. */
  readonly location: string;
  /** The executor on which it runs, or ran. */
  readonly executorId: string;
  /** The text of its last error; `undefined` if there was none. */
  readonly lastErrorMessage: string | undefined;
  /** Its last error, even if it has recovered. */
  readonly lastError: Error | undefined;
  /** The time of that error. */
  readonly lastErrorTime: number | undefined;
}

/** The contribution of one input to a batch. */
export interface InputInfo {
  /** Receivers from 0, then the other inputs, each in the order of declaration. */
  readonly inputStreamId: number;
  /** Its name for the operator. */
  readonly name: string;
  /** 0 if it is unknown before the records are read: for files and RDDs. */
  readonly numRecords: number;
  /** Details of the input: `{ files: [path, …] }` for files. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A batch, for listeners. Delays are in ms. */
export interface BatchInfo {
  /** The batch time, which identifies it. */
  readonly batchTime: number;
  /** By number; before the batch is completed, receivers only. */
  readonly streamIdToInputInfo: Readonly<Record<number, InputInfo>>;
  /** When it was due: its batch time, however late it began. */
  readonly submissionTime: number;
  /** When it began; `undefined` before that. */
  readonly processingStartTime: number | undefined;
  /** When it ended; `undefined` before that. */
  readonly processingEndTime: number | undefined;
  /** By the output's number, from 0 in the order of declaration: those that have begun. */
  readonly outputOperationInfos: Readonly<Record<number, OutputOperationInfo>>;
  /** From its due time to its start. */
  readonly schedulingDelay: number | undefined;
  /** From its start to its end. */
  readonly processingDelay: number | undefined;
  /** From its due time to its end. */
  readonly totalDelay: number | undefined;
  /** The total of all inputs that know theirs. */
  readonly numRecords: number;
  /**
   * Bytes spilled to disk because they did not fit in memory: sorts, groups, joins and shuffles of its successful tasks
   * beyond `shuffle.spill.bytes`, the slot's heap or `storage.pool.bytes`; and blocks (received, shuffled, persisted)
   * that executors spilled while it ran, as of their last report. 0 before it has begun.
   */
  readonly spilledBytes: number;
  /** Why it failed; `undefined` if it did not. */
  readonly failureReason: string | undefined;
}

/** An output operation in a batch, for listeners. */
export interface OutputOperationInfo {
  /** The time of the batch. */
  readonly batchTime: number;
  /** Its number, from 0 in the order of declaration. */
  readonly id: number;
  /** `print` */
  readonly name: string;
  /** `print of map at job.ts:4:6` */
  readonly description: string;
  /** When it began. */
  readonly startTime: number | undefined;
  /** When it ended; `undefined` before that. */
  readonly endTime: number | undefined;
  /** From start to end, in ms. */
  readonly duration: number | undefined;
  /** Why it failed; `undefined` if it did not. */
  readonly failureReason: string | undefined;
}
