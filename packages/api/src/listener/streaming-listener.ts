/**
 * Watches a job, on the driver: write an object or a class with some of these methods, and hand it to
 * `ssc.addStreamingListener`. Methods are called one after the other in the order of what happened, between the job's own
 * code; batches do not wait for what they return. What they throw is a warning, and fails nothing.
 *
 * All times are epoch ms.
 */
export interface StreamingListener {
  /** What has to begin before the first batch has begun. */
  onStreamingStarted?(event: { readonly time: number }): unknown;
  /** A receiver has its source: for the first time, again, or on another executor. */
  onReceiverStarted?(event: { readonly receiverInfo: ReceiverInfo }): unknown;
  /** A receiver lost its source and tries again, or told of an error by `reportError`. */
  onReceiverError?(event: { readonly receiverInfo: ReceiverInfo }): unknown;
  /** A receiver is over, at least on that executor. */
  onReceiverStopped?(event: { readonly receiverInfo: ReceiverInfo }): unknown;
  /** The input of a batch is fixed. */
  onBatchSubmitted?(event: { readonly batchInfo: BatchInfo }): unknown;
  /** It is a batch's turn. */
  onBatchStarted?(event: { readonly batchInfo: BatchInfo }): unknown;
  /** A batch is over, also one that failed; not one that was cut short. */
  onBatchCompleted?(event: { readonly batchInfo: BatchInfo }): unknown;
  /** An output operation of a batch begins. */
  onOutputOperationStarted?(event: { readonly outputOperationInfo: OutputOperationInfo }): unknown;
  /** An output operation of a batch is over, also one that failed. */
  onOutputOperationCompleted?(event: { readonly outputOperationInfo: OutputOperationInfo }): unknown;
}

/** What a listener is told of a receiver. */
export interface ReceiverInfo {
  /** Its number among the job's receivers, from 0 in the order of the job's text. */
  readonly streamId: number;
  /** What the operator calls it: `socketTextStream localhost:9999`, or what `named` gave. */
  readonly name: string;
  /** It has its source. */
  readonly active: boolean;
  /** The host of its executor. */
  readonly location: string;
  /** The executor on which it runs, or ran. */
  readonly executorId: string;
  /** The text of its last error; `undefined`: there was none. */
  readonly lastErrorMessage: string | undefined;
  /** Its last error, whether or not it is over. */
  readonly lastError: Error | undefined;
  /** When that was. */
  readonly lastErrorTime: number | undefined;
}

/** What one input brought to a batch. */
export interface InputInfo {
  /** Receivers from 0, then the other inputs, each in the order of the job's text. */
  readonly inputStreamId: number;
  /** What the operator calls it. */
  readonly name: string;
  /** 0 where it is not known before the records are read: of files, and of RDDs. */
  readonly numRecords: number;
  /** What the input tells of itself: of files, `{ files: [path, …] }`. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** What a listener is told of a batch. Delays are in ms. */
export interface BatchInfo {
  /** The batch's time, by which it is known. */
  readonly batchTime: number;
  /** By number; before the batch is completed receivers only. */
  readonly streamIdToInputInfo: Readonly<Record<number, InputInfo>>;
  /** When it was due: its batch time, however late its turn came. */
  readonly submissionTime: number;
  /** When its turn came; `undefined` before that. */
  readonly processingStartTime: number | undefined;
  /** When it was over; `undefined` before that. */
  readonly processingEndTime: number | undefined;
  /** By the output's number, from 0 in the order of the job's text: those that have begun. */
  readonly outputOperationInfos: Readonly<Record<number, OutputOperationInfo>>;
  /** From when it was due to its start. */
  readonly schedulingDelay: number | undefined;
  /** From its start to its end. */
  readonly processingDelay: number | undefined;
  /** From when it was due to its end. */
  readonly totalDelay: number | undefined;
  /** Of all inputs that know. */
  readonly numRecords: number;
  /**
   * Bytes that went to disk because they did not fit into memory: sorts, groups, joins and shuffles of its tasks past
   * `shuffle.spill.bytes`, the slot's heap or `storage.pool.bytes`, but for attempts that failed; and blocks (received, shuffled,
   * persisted) that executors put there while it ran, as of their last report. 0 before it has begun.
   */
  readonly spilledBytes: number;
  /** Why it failed; `undefined`: it did not. */
  readonly failureReason: string | undefined;
}

/** What a listener is told of an output operation in a batch. */
export interface OutputOperationInfo {
  /** The time of the batch. */
  readonly batchTime: number;
  /** Its number, from 0 in the order of the job's text. */
  readonly id: number;
  /** `print` */
  readonly name: string;
  /** `print of map at job.ts:4:6` */
  readonly description: string;
  /** When it began. */
  readonly startTime: number | undefined;
  /** When it was over; `undefined` before that. */
  readonly endTime: number | undefined;
  /** From start to end, in ms. */
  readonly duration: number | undefined;
  /** Why it failed; `undefined`: it did not. */
  readonly failureReason: string | undefined;
}
