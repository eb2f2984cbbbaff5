// Original file: proto/millrace/session/v1/session_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { FromExecutorGroup as _millrace_session_v1_FromExecutorGroup, FromExecutorGroup__Output as _millrace_session_v1_FromExecutorGroup__Output } from '../../../millrace/session/v1/FromExecutorGroup.ts';
import type { ToExecutorGroup as _millrace_session_v1_ToExecutorGroup, ToExecutorGroup__Output as _millrace_session_v1_ToExecutorGroup__Output } from '../../../millrace/session/v1/ToExecutorGroup.ts';

export interface SessionServiceClient extends grpc.Client {
  Open(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_millrace_session_v1_FromExecutorGroup, _millrace_session_v1_ToExecutorGroup__Output>;
  Open(options?: grpc.CallOptions): grpc.ClientDuplexStream<_millrace_session_v1_FromExecutorGroup, _millrace_session_v1_ToExecutorGroup__Output>;
  open(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_millrace_session_v1_FromExecutorGroup, _millrace_session_v1_ToExecutorGroup__Output>;
  open(options?: grpc.CallOptions): grpc.ClientDuplexStream<_millrace_session_v1_FromExecutorGroup, _millrace_session_v1_ToExecutorGroup__Output>;
  
}

export interface SessionServiceHandlers extends grpc.UntypedServiceImplementation {
  Open: grpc.handleBidiStreamingCall<_millrace_session_v1_FromExecutorGroup__Output, _millrace_session_v1_ToExecutorGroup>;
  
}

export interface SessionServiceDefinition extends grpc.ServiceDefinition {
  Open: MethodDefinition<_millrace_session_v1_FromExecutorGroup, _millrace_session_v1_ToExecutorGroup, _millrace_session_v1_FromExecutorGroup__Output, _millrace_session_v1_ToExecutorGroup__Output>
}
