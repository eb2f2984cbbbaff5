import {
  type API,
  addPartitionsToTxnV3,
  Base,
  type Broker,
  type Callback,
  type Connection,
  type endTxnV4,
  type fetchV17,
  type findCoordinatorV6,
  type initProducerIdV5,
  kGetApi,
  kGetBootstrapConnection,
  type listOffsetsV9,
  listTransactionsV0,
  type metadataV12,
  NumericMap,
  type offsetCommitV9,
  type produceV11,
} from "@platformatic/kafka";
import {
  type FetchedBatches,
  ISOLATION,
  type Isolation,
  type KafkaTransaction,
  type Producer,
  type RecordGroup,
  type Topic,
  type TopicPartition,
} from "./cluster.ts";
import { clientOptions, type KafkaConnection } from "./connection.ts";
import { explained, explainedCode, KafkaError, PROTOCOL, TRANSACTION_GONE } from "./errors.ts";
import { groupBy } from "./group-by.ts";
import type { KafkaPosition } from "./range.ts";

/** A connection to a cluster, kept open: the requests that this package makes, and what the answers say. */
export class Client {
  /** Its name for people: `kafka broker-1:9092`. */
  readonly cluster: string;
  readonly #base: Base;
  #brokers: ReadonlyMap<number, Broker> = new Map();
  #topics: ReadonlyMap<string, Topic> = new Map();
  /** Nodes by the kind and the name of what they keep. */
  readonly #coordinators = new Map<string, number>();

  /** @throws KAFKA_CREDENTIALS, KAFKA_TLS A secret or a file is not there. */
  constructor(connection: KafkaConnection) {
    this.cluster = `kafka ${[connection.brokers].flat().join(",")}`;
    this.#base = new Base(clientOptions(connection));
  }

  /** The topics that were asked for last, as they were then. */
  get topics(): ReadonlyMap<string, Topic> {
    return this.#topics;
  }

  /**
   * Asks for topics: which there are, and who leads their partitions.
   *
   * @param names `undefined`: all that the user may see, but for those of the cluster itself. @param rights Ask for those, too.
   * @returns Those that exist, by name.
   * @throws KAFKA_UNREACHABLE, KAFKA_CREDENTIALS, KAFKA_TLS, KAFKA_NOT_PERMITTED, KAFKA_FAILED
   */
  async metadata(names: readonly string[] | undefined, rights = false): Promise<ReadonlyMap<string, Topic>> {
    const what = names === undefined ? "asking for topics" : `asking for ${names.join(", ")}`;
    const { brokers, topics } = await this.#send<metadataV12.MetadataResponse>({
      ...{ api: "Metadata", to: undefined, what },
      args: [names === undefined ? null : [...names], false, rights],
    });
    this.#brokers = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    const found = new Map<string, Topic>();
    for (const { name, topicId, errorCode, isInternal, partitions, topicAuthorizedOperations } of topics) {
      if (name == null || errorCode === PROTOCOL.unknownTopicOrPartition || (names === undefined && isInternal))
        continue;
      if (errorCode !== 0 && errorCode !== PROTOCOL.leaderNotAvailable) throw explainedCode(errorCode, `topic ${name}`);
      const leaders: number[] = [];
      for (const { partitionIndex, leaderId } of partitions) leaders[partitionIndex] = leaderId;
      found.set(name, { id: topicId, leaders, ...(rights ? { rights: topicAuthorizedOperations } : {}) });
    }
    this.#topics = found;
    return found;
  }

  /**
   * Asks the leaders for an offset of each partition, all at once.
   *
   * @param timestamp {@link LATEST}, {@link EARLIEST}, or a time in epoch ms: the first record that is not older.
   * @returns By topic, then by partition; -1 for a time after the last record.
   * @throws KAFKA_UNREACHABLE, KAFKA_NOT_PERMITTED, KAFKA_TOPIC_MISSING, KAFKA_FAILED
   */
  async offsets(
    partitions: readonly TopicPartition[],
    { timestamp, isolation }: { readonly timestamp: bigint; readonly isolation: Isolation },
  ): Promise<ReadonlyMap<string, ReadonlyMap<number, number>>> {
    const byLeader = groupBy(partitions, ({ topic, partition }) => this.#leaderOf(topic, partition));
    const found = new Map<string, Map<number, number>>();
    await Promise.all(
      [...byLeader].map(async ([leader, those]) => {
        const topics = [...groupBy(those, ({ topic }) => topic)].map(([name, some]) => ({
          name,
          partitions: some.map(({ partition }) => ({ partitionIndex: partition, currentLeaderEpoch: -1, timestamp })),
        }));
        const answer = await this.#send<listOffsetsV9.ListOffsetsResponse>({
          ...{ api: "ListOffsets", to: leader, what: `the offsets of ${topics.map(({ name }) => name).join(", ")}` },
          args: [-1, ISOLATION[isolation], topics],
        });
        for (const { name, partitions: some } of answer.topics) {
          const offsets = found.get(name) ?? new Map<number, number>();
          found.set(name, offsets);
          for (const { partitionIndex, errorCode, offset } of some) {
            if (errorCode !== 0) throw explainedCode(errorCode, `${name}[${partitionIndex}]`);
            offsets.set(partitionIndex, Number(offset));
          }
        }
      }),
    );
    return found;
  }

  /**
   * Fetches from an offset on. Waits a moment for records, if there are none.
   *
   * @throws KAFKA_UNREACHABLE, KAFKA_NOT_PERMITTED, KAFKA_FAILED
   */
  async fetch(from: {
    readonly topic: string;
    readonly id: string;
    readonly partition: number;
    readonly offset: number;
    readonly maxBytes: number;
    readonly isolation: Isolation;
  }): Promise<FetchedBatches> {
    const { topic, id, partition, offset, maxBytes, isolation } = from;
    const fetchOffset = BigInt(offset);
    const answer = await this.#send<fetchV17.FetchResponse>({
      ...{ api: "Fetch", to: this.#leaderOf(topic, partition), what: `fetching ${topic}[${partition}] from ${offset}` },
      // No session: each answer is of what was asked. Brokers before 3.1 know topics by name.
      args: (version) => [
        ...[FETCH_WAIT_MS, 1, maxBytes, ISOLATION[isolation], 0, -1],
        [
          {
            topicId: version > 12 ? id : topic,
            partitions: [
              {
                ...{ partition, currentLeaderEpoch: -1, fetchOffset, lastFetchedEpoch: -1 },
                partitionMaxBytes: maxBytes,
              },
            ],
          },
        ],
        ...[[], ""],
      ],
    });
    const found = answer.responses[0]?.partitions[0];
    if (found === undefined)
      throw new KafkaError("KAFKA_FAILED", `fetching ${topic}[${partition}] from ${offset}: the answer is empty.`, {
        passing: true,
      });
    return {
      errorCode: found.errorCode,
      end: Number(isolation === "committed" ? found.lastStableOffset : found.highWatermark),
      begin: Number(found.logStartOffset),
      aborted: found.abortedTransactions ?? [],
      batches: found.records ?? [],
    };
  }

  /**
   * Commits offsets to a consumer group, of which this client is no member.
   *
   * @throws KAFKA_UNREACHABLE, KAFKA_NOT_PERMITTED, KAFKA_FAILED Members of the group may be reading, for example.
   */
  async commit(group: string, positions: readonly KafkaPosition[]): Promise<void> {
    const what = `committing offsets to the group ${group}`;
    const coordinator = await this.#coordinatorOf({ kind: "group", key: group, what });
    const topics = [...groupBy(positions, ({ topic }) => topic)].map(([name, those]) => ({
      name,
      partitions: those.map(({ partition, next }) => ({
        partitionIndex: partition,
        ...{ committedOffset: BigInt(next), committedLeaderEpoch: -1, committedMetadata: null },
      })),
    }));
    const answer = await this.#send<offsetCommitV9.OffsetCommitResponse>({
      ...{ api: "OffsetCommit", to: coordinator, what },
      args: [group, -1, "", null, topics],
    });
    for (const { name, partitions } of answer.topics)
      for (const { partitionIndex, errorCode } of partitions)
        if (errorCode !== 0) throw explainedCode(errorCode, `${what}: ${name}[${partitionIndex}]`);
  }

  /**
   * Begins as a producer. Under a transactional id this ends whatever was open there, and shuts out whoever had it.
   *
   * @throws KAFKA_UNREACHABLE, KAFKA_NOT_PERMITTED, KAFKA_FAILED
   */
  async producer(id: string | undefined, transactionTimeoutMs: number): Promise<Producer> {
    const what = id === undefined ? "beginning to write" : `beginning to write as ${id}`;
    const to = id === undefined ? undefined : await this.#coordinatorOf({ kind: "transaction", key: id, what });
    const answer = await this.#send<initProducerIdV5.InitProducerIdResponse>({
      ...{ api: "InitProducerId", to, what },
      args: [id ?? null, transactionTimeoutMs, -1n, -1],
    });
    if (answer.errorCode !== 0) throw this.#explained(answer.errorCode, what, id);
    return { producerId: answer.producerId, epoch: answer.producerEpoch };
  }

  /** Takes a partition into a transaction: before the first record is written there. */
  async join(transaction: KafkaTransaction, { topic, partition }: TopicPartition): Promise<void> {
    const { id, producerId, epoch } = transaction;
    const what = `writing to ${topic}[${partition}] as ${id}`;
    const to = await this.#coordinatorOf({ kind: "transaction", key: id, what });
    const topics = [{ name: topic, partitions: [partition] }];
    const answer = await this.#send<addPartitionsToTxnV3.AddPartitionsToTxnResponse>({
      ...{ api: ADD_PARTITIONS, to, what },
      args: [[{ transactionalId: id, producerId, producerEpoch: epoch, verifyOnly: false, topics }]],
    });
    const codes = answer.resultsByTransaction.flatMap(({ topicResults }) =>
      topicResults.flatMap(({ resultsByPartition }) =>
        resultsByPartition.map(({ partitionErrorCode }) => partitionErrorCode),
      ),
    );
    const errorCode = [answer.errorCode, ...codes].find((code) => code !== 0);
    if (errorCode !== undefined) throw this.#explained(errorCode, what, id);
  }

  /**
   * Writes records to the leader of a partition, who keeps them once however often they are sent.
   *
   * @throws KAFKA_UNREACHABLE, KAFKA_NOT_PERMITTED, KAFKA_TOPIC_MISSING, KAFKA_FAILED
   */
  async produce({ topic, partition, id, producer, compression, sequence, records }: RecordGroup): Promise<void> {
    const what = `writing to ${topic}[${partition}]`;
    const answer = await this.#send<produceV11.ProduceResponse>({
      ...{ api: "Produce", to: this.#leaderOf(topic, partition), what },
      args: [
        ...[ALL_REPLICAS, PRODUCE_TIMEOUT_MS, records.map((record) => ({ ...record }))],
        {
          ...{ compression, producerId: producer.producerId, producerEpoch: producer.epoch },
          sequences: new NumericMap([[`${topic}:${partition}`, sequence]]),
          ...(id === undefined ? {} : { transactionalId: id }),
        },
      ],
    });
    const errorCode = answer.responses[0]?.partitionResponses[0]?.errorCode ?? NO_COORDINATOR;
    if (errorCode === 0 || errorCode === PROTOCOL.duplicateSequence) return; // it has come before, and its answer was lost
    throw this.#explained(errorCode, what, id);
  }

  /**
   * Commits or aborts a transaction, whoever has written it. One that is ended already in this way is so.
   *
   * @throws KAFKA_TRANSACTION_LOST It is to be committed, and was aborted or has never been.
   */
  async endTransaction({ id, producerId, epoch }: KafkaTransaction, how: "commit" | "abort"): Promise<void> {
    const what = `to ${how} the transaction of ${id}`;
    const to = await this.#coordinatorOf({ kind: "transaction", key: id, what });
    const { errorCode } = await this.#send<endTxnV4.EndTxnResponse>({
      ...{ api: "EndTxn", to, what },
      args: [id, producerId, epoch, how === "commit"],
    });
    if (errorCode === 0 || (how === "abort" && TRANSACTION_GONE.has(errorCode))) return;
    throw this.#explained(errorCode, what, id);
  }

  /** The ids of all transactions that are open, of every job. */
  async openTransactions(): Promise<readonly string[]> {
    if (this.#brokers.size === 0) await this.metadata([]);
    const what = "asking for open transactions";
    const answers = await Promise.all(
      [...this.#brokers.keys()].map((to) =>
        this.#send<listTransactionsV0.ListTransactionsResponse>({
          ...{ api: LIST_TRANSACTIONS, to, what },
          args: [["Ongoing"], [], -1n, null],
        }),
      ),
    );
    return answers.flatMap(({ errorCode, transactionStates }) => {
      if (errorCode !== 0) throw explainedCode(errorCode, what);
      return transactionStates.map(({ transactionalId }) => transactionalId);
    });
  }

  /** Closes every connection. Never rejects. */
  close(): Promise<void> {
    return new Promise((resolve) => this.#base.close(() => resolve()));
  }

  #explained(errorCode: number, what: string, id: string | undefined): KafkaError {
    if (errorCode === NOT_COORDINATOR && id !== undefined) this.#coordinators.delete(`transaction ${id}`);
    if (!TRANSACTION_GONE.has(errorCode) || id === undefined) return explainedCode(errorCode, what);
    return new KafkaError(
      "KAFKA_TRANSACTION_LOST",
      `${what}: the transaction is gone (error ${errorCode}). Brokers abort it when it was open for longer than transactionTimeout, or somebody else writes ` +
        "under this id: another job of this name, whose transactionalId must differ.",
    );
  }

  /** The node that keeps what belongs to a name. */
  async #coordinatorOf(about: {
    readonly kind: keyof typeof COORDINATORS;
    readonly key: string;
    readonly what: string;
  }): Promise<number> {
    const { kind, key, what } = about;
    const known = this.#coordinators.get(`${kind} ${key}`);
    if (known !== undefined && this.#brokers.has(known)) return known;
    const answer = await this.#send<findCoordinatorV6.FindCoordinatorResponse>({
      ...{ api: "FindCoordinator", to: undefined, what },
      args: [COORDINATORS[kind], [key]],
    });
    const found = answer.coordinators.find((one) => one.key === key);
    if (found === undefined || found.errorCode !== 0) throw explainedCode(found?.errorCode ?? NO_COORDINATOR, what);
    this.#brokers = new Map(this.#brokers).set(found.nodeId, { host: found.host, port: found.port });
    if (this.#coordinators.size >= COORDINATORS_MAX) this.#coordinators.clear();
    this.#coordinators.set(`${kind} ${key}`, found.nodeId);
    return found.nodeId;
  }

  /** @throws KAFKA_TOPIC_MISSING, KAFKA_FAILED Passing: an election is going on. */
  #leaderOf(topic: string, partition: number): number {
    const leader = this.#topics.get(topic)?.leaders[partition];
    if (leader === undefined) throw explainedCode(PROTOCOL.unknownTopicOrPartition, `${topic}[${partition}]`);
    if (leader < 0) throw explainedCode(PROTOCOL.leaderNotAvailable, `${topic}[${partition}]`);
    return leader;
  }

  /** An answer of whoever is asked, also one that has errors in its parts. */
  async #send<T>(request: {
    /** By name, in the newest version that both sides know; or in the version given. */
    readonly api: string | API<unknown[], T>;
    /** A node; any, if it is not given. */
    readonly to: number | undefined;
    readonly args: readonly unknown[] | ((version: number) => readonly unknown[]);
    readonly what: string;
  }): Promise<T> {
    const { api: name, to, args, what } = request;
    try {
      const api = typeof name === "string" ? await this.#api<T>(name) : name;
      const connection = await this.#connection(to);
      const given = typeof args === "function" ? args(api.version) : args;
      return await new Promise<T>((resolve, reject) => {
        const take: Callback<T> = (error, answer) => {
          const partly = error !== null && "response" in error ? error.response : undefined;
          // An answer that has errors in its parts is one all the same: the caller looks at each.
          if (partly !== undefined) resolve(partly as T);
          else if (error !== null || answer === undefined) reject(error ?? new Error("there is no answer"));
          else resolve(answer);
        };
        api(connection, ...given, take);
      });
    } catch (error) {
      this.#coordinators.clear(); // a node may be gone
      throw explained(error, what);
    }
  }

  #api<T>(name: string): Promise<API<unknown[], T>> {
    return new Promise((resolve, reject) => {
      this.#base[kGetApi]<unknown[], T>(name, (error, api) => {
        if (error !== null || api === undefined) reject(error ?? new Error(`the broker has no ${name}`));
        else resolve(api);
      });
    });
  }

  #connection(to: number | undefined): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const take = (error: Error | null, connection?: Connection): void => {
        if (error !== null || connection === undefined) reject(error ?? new Error("there is no connection"));
        else resolve(connection);
      };
      if (to === undefined) return this.#base[kGetBootstrapConnection](take);
      const broker = this.#brokers.get(to);
      if (broker === undefined) return take(new Error(`there is no broker ${to} any more`));
      this.#base.connections.get(broker, take);
    });
  }
}

const FETCH_WAIT_MS = 500;
const NO_COORDINATOR = 15;
/** What a coordinator is asked for by. */
const COORDINATORS = { group: 0, transaction: 1 } as const;
/** Names whose coordinator is remembered. */
const COORDINATORS_MAX = 10_000;
const NOT_COORDINATOR = 16;
/** In its first version: of newer ones the client reads the answer wrongly. Its arguments are those of the protocol, as all others here. */
const LIST_TRANSACTIONS = listTransactionsV0.api as unknown as API<
  unknown[],
  listTransactionsV0.ListTransactionsResponse
>;
/** In the last version that clients may send: newer ones are for brokers, and ask for a right on the cluster. */
const ADD_PARTITIONS = addPartitionsToTxnV3.api as unknown as API<
  unknown[],
  addPartitionsToTxnV3.AddPartitionsToTxnResponse
>;
const ALL_REPLICAS = -1;
const PRODUCE_TIMEOUT_MS = 30_000;
