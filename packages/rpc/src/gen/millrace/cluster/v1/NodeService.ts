// Original file: proto/millrace/cluster/v1/node_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { FromNodeGroup as _millrace_cluster_v1_FromNodeGroup, FromNodeGroup__Output as _millrace_cluster_v1_FromNodeGroup__Output } from '../../../millrace/cluster/v1/FromNodeGroup.ts';
import type { ToNodeGroup as _millrace_cluster_v1_ToNodeGroup, ToNodeGroup__Output as _millrace_cluster_v1_ToNodeGroup__Output } from '../../../millrace/cluster/v1/ToNodeGroup.ts';

export interface NodeServiceClient extends grpc.Client {
  Open(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_millrace_cluster_v1_FromNodeGroup, _millrace_cluster_v1_ToNodeGroup__Output>;
  Open(options?: grpc.CallOptions): grpc.ClientDuplexStream<_millrace_cluster_v1_FromNodeGroup, _millrace_cluster_v1_ToNodeGroup__Output>;
  open(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_millrace_cluster_v1_FromNodeGroup, _millrace_cluster_v1_ToNodeGroup__Output>;
  open(options?: grpc.CallOptions): grpc.ClientDuplexStream<_millrace_cluster_v1_FromNodeGroup, _millrace_cluster_v1_ToNodeGroup__Output>;
  
}

export interface NodeServiceHandlers extends grpc.UntypedServiceImplementation {
  Open: grpc.handleBidiStreamingCall<_millrace_cluster_v1_FromNodeGroup__Output, _millrace_cluster_v1_ToNodeGroup>;
  
}

export interface NodeServiceDefinition extends grpc.ServiceDefinition {
  Open: MethodDefinition<_millrace_cluster_v1_FromNodeGroup, _millrace_cluster_v1_ToNodeGroup, _millrace_cluster_v1_FromNodeGroup__Output, _millrace_cluster_v1_ToNodeGroup__Output>
}
