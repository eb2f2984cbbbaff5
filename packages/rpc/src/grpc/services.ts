import { fromJSON, type MethodDefinition } from "@grpc/proto-loader";
import { descriptors } from "../gen/descriptors.ts";
import type { NodeServiceDefinition } from "../gen/millrace/cluster/v1/NodeService.ts";
import type { Error as ErrorInput, Error__Output as ErrorOutput } from "../gen/millrace/common/v1/Error.ts";
import type { OperatorServiceDefinition } from "../gen/millrace/operator/v1/OperatorService.ts";
import type { SessionServiceDefinition } from "../gen/millrace/session/v1/SessionService.ts";

/** Must agree with the options that scripts/generate.mjs gives the type generator. */
const loaded = fromJSON(
  descriptors as Parameters<typeof fromJSON>[0], // what protobufjs's toJSON wrote
  { longs: Number, enums: String, defaults: true, oneofs: true },
);

// The generator wrote these types from the files that the descriptors come from: the two cannot differ.
export const sessionService = loaded["millrace.session.v1.SessionService"] as unknown as SessionServiceDefinition;
export const nodeService = loaded["millrace.cluster.v1.NodeService"] as unknown as NodeServiceDefinition;
export const operatorService = loaded["millrace.operator.v1.OperatorService"] as unknown as OperatorServiceDefinition;

/** How an error is written outside a message. */
export const errorMessage = loaded["millrace.common.v1.Error"] as unknown as {
  readonly serialize: (value: ErrorInput) => Buffer;
  readonly deserialize: (bytes: Buffer) => ErrorOutput;
};

export type { MethodDefinition };
