import { fromJSON } from "@grpc/proto-loader";
import { descriptors } from "../gen/descriptors.ts";
import type { ClusterServiceDefinition } from "../gen/millrace/cluster/v1/ClusterService.ts";
import type { Error as ErrorInput, Error__Output as ErrorOutput } from "../gen/millrace/common/v1/Error.ts";
import type { OperatorServiceDefinition } from "../gen/millrace/operator/v1/OperatorService.ts";
import type { SessionServiceDefinition } from "../gen/millrace/session/v1/SessionService.ts";

/** Must agree with the options that scripts/generate.mjs passes to the type generator. */
const loaded = fromJSON(
  descriptors as Parameters<typeof fromJSON>[0], // what protobufjs's toJSON wrote
  { longs: Number, enums: String, defaults: true, oneofs: true },
);

interface Definitions {
  readonly "millrace.session.v1.SessionService": SessionServiceDefinition;
  readonly "millrace.cluster.v1.ClusterService": ClusterServiceDefinition;
  readonly "millrace.operator.v1.OperatorService": OperatorServiceDefinition;
  readonly "millrace.common.v1.Error": {
    readonly serialize: (value: ErrorInput) => Buffer;
    readonly deserialize: (bytes: Buffer) => ErrorOutput;
  };
}

// The generator wrote these types from the files that the descriptors come from: the two cannot differ.
const definitions = loaded as unknown as Definitions;

export const sessionService: SessionServiceDefinition = definitions["millrace.session.v1.SessionService"];
export const clusterService: ClusterServiceDefinition = definitions["millrace.cluster.v1.ClusterService"];
export const operatorService: OperatorServiceDefinition = definitions["millrace.operator.v1.OperatorService"];
/** The encoding of an error outside a message. */
export const errorMessage: Definitions["millrace.common.v1.Error"] = definitions["millrace.common.v1.Error"];
