// Original file: proto/millrace/cluster/v1/cluster_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { FromMemberGroup as _millrace_cluster_v1_FromMemberGroup, FromMemberGroup__Output as _millrace_cluster_v1_FromMemberGroup__Output } from '../../../millrace/cluster/v1/FromMemberGroup.ts';
import type { ToMemberGroup as _millrace_cluster_v1_ToMemberGroup, ToMemberGroup__Output as _millrace_cluster_v1_ToMemberGroup__Output } from '../../../millrace/cluster/v1/ToMemberGroup.ts';

export interface ClusterServiceClient extends grpc.Client {
  Open(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_millrace_cluster_v1_FromMemberGroup, _millrace_cluster_v1_ToMemberGroup__Output>;
  Open(options?: grpc.CallOptions): grpc.ClientDuplexStream<_millrace_cluster_v1_FromMemberGroup, _millrace_cluster_v1_ToMemberGroup__Output>;
  open(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_millrace_cluster_v1_FromMemberGroup, _millrace_cluster_v1_ToMemberGroup__Output>;
  open(options?: grpc.CallOptions): grpc.ClientDuplexStream<_millrace_cluster_v1_FromMemberGroup, _millrace_cluster_v1_ToMemberGroup__Output>;
  
}

export interface ClusterServiceHandlers extends grpc.UntypedServiceImplementation {
  Open: grpc.handleBidiStreamingCall<_millrace_cluster_v1_FromMemberGroup__Output, _millrace_cluster_v1_ToMemberGroup>;
  
}

export interface ClusterServiceDefinition extends grpc.ServiceDefinition {
  Open: MethodDefinition<_millrace_cluster_v1_FromMemberGroup, _millrace_cluster_v1_ToMemberGroup, _millrace_cluster_v1_FromMemberGroup__Output, _millrace_cluster_v1_ToMemberGroup__Output>
}
