// Original file: proto/millrace/operator/v1/operator_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { BatchesResponse as _millrace_operator_v1_BatchesResponse, BatchesResponse__Output as _millrace_operator_v1_BatchesResponse__Output } from '../../../millrace/operator/v1/BatchesResponse.ts';
import type { Done as _millrace_operator_v1_Done, Done__Output as _millrace_operator_v1_Done__Output } from '../../../millrace/operator/v1/Done.ts';
import type { ExecutorRequest as _millrace_operator_v1_ExecutorRequest, ExecutorRequest__Output as _millrace_operator_v1_ExecutorRequest__Output } from '../../../millrace/operator/v1/ExecutorRequest.ts';
import type { ExecutorsRequest as _millrace_operator_v1_ExecutorsRequest, ExecutorsRequest__Output as _millrace_operator_v1_ExecutorsRequest__Output } from '../../../millrace/operator/v1/ExecutorsRequest.ts';
import type { ExecutorsResponse as _millrace_operator_v1_ExecutorsResponse, ExecutorsResponse__Output as _millrace_operator_v1_ExecutorsResponse__Output } from '../../../millrace/operator/v1/ExecutorsResponse.ts';
import type { Job as _millrace_operator_v1_Job, Job__Output as _millrace_operator_v1_Job__Output } from '../../../millrace/operator/v1/Job.ts';
import type { JobRequest as _millrace_operator_v1_JobRequest, JobRequest__Output as _millrace_operator_v1_JobRequest__Output } from '../../../millrace/operator/v1/JobRequest.ts';
import type { JobsRequest as _millrace_operator_v1_JobsRequest, JobsRequest__Output as _millrace_operator_v1_JobsRequest__Output } from '../../../millrace/operator/v1/JobsRequest.ts';
import type { JobsResponse as _millrace_operator_v1_JobsResponse, JobsResponse__Output as _millrace_operator_v1_JobsResponse__Output } from '../../../millrace/operator/v1/JobsResponse.ts';
import type { LogEntry as _millrace_operator_v1_LogEntry, LogEntry__Output as _millrace_operator_v1_LogEntry__Output } from '../../../millrace/operator/v1/LogEntry.ts';
import type { LogsRequest as _millrace_operator_v1_LogsRequest, LogsRequest__Output as _millrace_operator_v1_LogsRequest__Output } from '../../../millrace/operator/v1/LogsRequest.ts';
import type { SubmitRequest as _millrace_operator_v1_SubmitRequest, SubmitRequest__Output as _millrace_operator_v1_SubmitRequest__Output } from '../../../millrace/operator/v1/SubmitRequest.ts';
import type { WaitsReport as _millrace_operator_v1_WaitsReport, WaitsReport__Output as _millrace_operator_v1_WaitsReport__Output } from '../../../millrace/operator/v1/WaitsReport.ts';
import type { WaitsRequest as _millrace_operator_v1_WaitsRequest, WaitsRequest__Output as _millrace_operator_v1_WaitsRequest__Output } from '../../../millrace/operator/v1/WaitsRequest.ts';

export interface OperatorServiceClient extends grpc.Client {
  Batches(argument: _millrace_operator_v1_JobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_BatchesResponse__Output>): grpc.ClientUnaryCall;
  Batches(argument: _millrace_operator_v1_JobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_millrace_operator_v1_BatchesResponse__Output>): grpc.ClientUnaryCall;
  Batches(argument: _millrace_operator_v1_JobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_BatchesResponse__Output>): grpc.ClientUnaryCall;
  Batches(argument: _millrace_operator_v1_JobRequest, callback: grpc.requestCallback<_millrace_operator_v1_BatchesResponse__Output>): grpc.ClientUnaryCall;
  batches(argument: _millrace_operator_v1_JobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_BatchesResponse__Output>): grpc.ClientUnaryCall;
  batches(argument: _millrace_operator_v1_JobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_millrace_operator_v1_BatchesResponse__Output>): grpc.ClientUnaryCall;
  batches(argument: _millrace_operator_v1_JobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_BatchesResponse__Output>): grpc.ClientUnaryCall;
  batches(argument: _millrace_operator_v1_JobRequest, callback: grpc.requestCallback<_millrace_operator_v1_BatchesResponse__Output>): grpc.ClientUnaryCall;
  
  Drain(argument: _millrace_operator_v1_ExecutorRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_Done__Output>): grpc.ClientUnaryCall;
  Drain(argument: _millrace_operator_v1_ExecutorRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_millrace_operator_v1_Done__Output>): grpc.ClientUnaryCall;
  Drain(argument: _millrace_operator_v1_ExecutorRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_Done__Output>): grpc.ClientUnaryCall;
  Drain(argument: _millrace_operator_v1_ExecutorRequest, callback: grpc.requestCallback<_millrace_operator_v1_Done__Output>): grpc.ClientUnaryCall;
  drain(argument: _millrace_operator_v1_ExecutorRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_Done__Output>): grpc.ClientUnaryCall;
  drain(argument: _millrace_operator_v1_ExecutorRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_millrace_operator_v1_Done__Output>): grpc.ClientUnaryCall;
  drain(argument: _millrace_operator_v1_ExecutorRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_Done__Output>): grpc.ClientUnaryCall;
  drain(argument: _millrace_operator_v1_ExecutorRequest, callback: grpc.requestCallback<_millrace_operator_v1_Done__Output>): grpc.ClientUnaryCall;
  
  Executors(argument: _millrace_operator_v1_ExecutorsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_ExecutorsResponse__Output>): grpc.ClientUnaryCall;
  Executors(argument: _millrace_operator_v1_ExecutorsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_millrace_operator_v1_ExecutorsResponse__Output>): grpc.ClientUnaryCall;
  Executors(argument: _millrace_operator_v1_ExecutorsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_ExecutorsResponse__Output>): grpc.ClientUnaryCall;
  Executors(argument: _millrace_operator_v1_ExecutorsRequest, callback: grpc.requestCallback<_millrace_operator_v1_ExecutorsResponse__Output>): grpc.ClientUnaryCall;
  executors(argument: _millrace_operator_v1_ExecutorsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_ExecutorsResponse__Output>): grpc.ClientUnaryCall;
  executors(argument: _millrace_operator_v1_ExecutorsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_millrace_operator_v1_ExecutorsResponse__Output>): grpc.ClientUnaryCall;
  executors(argument: _millrace_operator_v1_ExecutorsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_ExecutorsResponse__Output>): grpc.ClientUnaryCall;
  executors(argument: _millrace_operator_v1_ExecutorsRequest, callback: grpc.requestCallback<_millrace_operator_v1_ExecutorsResponse__Output>): grpc.ClientUnaryCall;
  
  Jobs(argument: _millrace_operator_v1_JobsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_JobsResponse__Output>): grpc.ClientUnaryCall;
  Jobs(argument: _millrace_operator_v1_JobsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_millrace_operator_v1_JobsResponse__Output>): grpc.ClientUnaryCall;
  Jobs(argument: _millrace_operator_v1_JobsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_JobsResponse__Output>): grpc.ClientUnaryCall;
  Jobs(argument: _millrace_operator_v1_JobsRequest, callback: grpc.requestCallback<_millrace_operator_v1_JobsResponse__Output>): grpc.ClientUnaryCall;
  jobs(argument: _millrace_operator_v1_JobsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_JobsResponse__Output>): grpc.ClientUnaryCall;
  jobs(argument: _millrace_operator_v1_JobsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_millrace_operator_v1_JobsResponse__Output>): grpc.ClientUnaryCall;
  jobs(argument: _millrace_operator_v1_JobsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_JobsResponse__Output>): grpc.ClientUnaryCall;
  jobs(argument: _millrace_operator_v1_JobsRequest, callback: grpc.requestCallback<_millrace_operator_v1_JobsResponse__Output>): grpc.ClientUnaryCall;
  
  Kill(argument: _millrace_operator_v1_JobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_Done__Output>): grpc.ClientUnaryCall;
  Kill(argument: _millrace_operator_v1_JobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_millrace_operator_v1_Done__Output>): grpc.ClientUnaryCall;
  Kill(argument: _millrace_operator_v1_JobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_Done__Output>): grpc.ClientUnaryCall;
  Kill(argument: _millrace_operator_v1_JobRequest, callback: grpc.requestCallback<_millrace_operator_v1_Done__Output>): grpc.ClientUnaryCall;
  kill(argument: _millrace_operator_v1_JobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_Done__Output>): grpc.ClientUnaryCall;
  kill(argument: _millrace_operator_v1_JobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_millrace_operator_v1_Done__Output>): grpc.ClientUnaryCall;
  kill(argument: _millrace_operator_v1_JobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_Done__Output>): grpc.ClientUnaryCall;
  kill(argument: _millrace_operator_v1_JobRequest, callback: grpc.requestCallback<_millrace_operator_v1_Done__Output>): grpc.ClientUnaryCall;
  
  Logs(argument: _millrace_operator_v1_LogsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_millrace_operator_v1_LogEntry__Output>;
  Logs(argument: _millrace_operator_v1_LogsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_millrace_operator_v1_LogEntry__Output>;
  logs(argument: _millrace_operator_v1_LogsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_millrace_operator_v1_LogEntry__Output>;
  logs(argument: _millrace_operator_v1_LogsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_millrace_operator_v1_LogEntry__Output>;
  
  Status(argument: _millrace_operator_v1_JobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_Job__Output>): grpc.ClientUnaryCall;
  Status(argument: _millrace_operator_v1_JobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_millrace_operator_v1_Job__Output>): grpc.ClientUnaryCall;
  Status(argument: _millrace_operator_v1_JobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_Job__Output>): grpc.ClientUnaryCall;
  Status(argument: _millrace_operator_v1_JobRequest, callback: grpc.requestCallback<_millrace_operator_v1_Job__Output>): grpc.ClientUnaryCall;
  status(argument: _millrace_operator_v1_JobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_Job__Output>): grpc.ClientUnaryCall;
  status(argument: _millrace_operator_v1_JobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_millrace_operator_v1_Job__Output>): grpc.ClientUnaryCall;
  status(argument: _millrace_operator_v1_JobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_Job__Output>): grpc.ClientUnaryCall;
  status(argument: _millrace_operator_v1_JobRequest, callback: grpc.requestCallback<_millrace_operator_v1_Job__Output>): grpc.ClientUnaryCall;
  
  Stop(argument: _millrace_operator_v1_JobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_Done__Output>): grpc.ClientUnaryCall;
  Stop(argument: _millrace_operator_v1_JobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_millrace_operator_v1_Done__Output>): grpc.ClientUnaryCall;
  Stop(argument: _millrace_operator_v1_JobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_Done__Output>): grpc.ClientUnaryCall;
  Stop(argument: _millrace_operator_v1_JobRequest, callback: grpc.requestCallback<_millrace_operator_v1_Done__Output>): grpc.ClientUnaryCall;
  stop(argument: _millrace_operator_v1_JobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_Done__Output>): grpc.ClientUnaryCall;
  stop(argument: _millrace_operator_v1_JobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_millrace_operator_v1_Done__Output>): grpc.ClientUnaryCall;
  stop(argument: _millrace_operator_v1_JobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_Done__Output>): grpc.ClientUnaryCall;
  stop(argument: _millrace_operator_v1_JobRequest, callback: grpc.requestCallback<_millrace_operator_v1_Done__Output>): grpc.ClientUnaryCall;
  
  Submit(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_Job__Output>): grpc.ClientWritableStream<_millrace_operator_v1_SubmitRequest>;
  Submit(metadata: grpc.Metadata, callback: grpc.requestCallback<_millrace_operator_v1_Job__Output>): grpc.ClientWritableStream<_millrace_operator_v1_SubmitRequest>;
  Submit(options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_Job__Output>): grpc.ClientWritableStream<_millrace_operator_v1_SubmitRequest>;
  Submit(callback: grpc.requestCallback<_millrace_operator_v1_Job__Output>): grpc.ClientWritableStream<_millrace_operator_v1_SubmitRequest>;
  submit(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_Job__Output>): grpc.ClientWritableStream<_millrace_operator_v1_SubmitRequest>;
  submit(metadata: grpc.Metadata, callback: grpc.requestCallback<_millrace_operator_v1_Job__Output>): grpc.ClientWritableStream<_millrace_operator_v1_SubmitRequest>;
  submit(options: grpc.CallOptions, callback: grpc.requestCallback<_millrace_operator_v1_Job__Output>): grpc.ClientWritableStream<_millrace_operator_v1_SubmitRequest>;
  submit(callback: grpc.requestCallback<_millrace_operator_v1_Job__Output>): grpc.ClientWritableStream<_millrace_operator_v1_SubmitRequest>;
  
  Waits(argument: _millrace_operator_v1_WaitsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_millrace_operator_v1_WaitsReport__Output>;
  Waits(argument: _millrace_operator_v1_WaitsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_millrace_operator_v1_WaitsReport__Output>;
  waits(argument: _millrace_operator_v1_WaitsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_millrace_operator_v1_WaitsReport__Output>;
  waits(argument: _millrace_operator_v1_WaitsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_millrace_operator_v1_WaitsReport__Output>;
  
}

export interface OperatorServiceHandlers extends grpc.UntypedServiceImplementation {
  Batches: grpc.handleUnaryCall<_millrace_operator_v1_JobRequest__Output, _millrace_operator_v1_BatchesResponse>;
  
  Drain: grpc.handleUnaryCall<_millrace_operator_v1_ExecutorRequest__Output, _millrace_operator_v1_Done>;
  
  Executors: grpc.handleUnaryCall<_millrace_operator_v1_ExecutorsRequest__Output, _millrace_operator_v1_ExecutorsResponse>;
  
  Jobs: grpc.handleUnaryCall<_millrace_operator_v1_JobsRequest__Output, _millrace_operator_v1_JobsResponse>;
  
  Kill: grpc.handleUnaryCall<_millrace_operator_v1_JobRequest__Output, _millrace_operator_v1_Done>;
  
  Logs: grpc.handleServerStreamingCall<_millrace_operator_v1_LogsRequest__Output, _millrace_operator_v1_LogEntry>;
  
  Status: grpc.handleUnaryCall<_millrace_operator_v1_JobRequest__Output, _millrace_operator_v1_Job>;
  
  Stop: grpc.handleUnaryCall<_millrace_operator_v1_JobRequest__Output, _millrace_operator_v1_Done>;
  
  Submit: grpc.handleClientStreamingCall<_millrace_operator_v1_SubmitRequest__Output, _millrace_operator_v1_Job>;
  
  Waits: grpc.handleServerStreamingCall<_millrace_operator_v1_WaitsRequest__Output, _millrace_operator_v1_WaitsReport>;
  
}

export interface OperatorServiceDefinition extends grpc.ServiceDefinition {
  Batches: MethodDefinition<_millrace_operator_v1_JobRequest, _millrace_operator_v1_BatchesResponse, _millrace_operator_v1_JobRequest__Output, _millrace_operator_v1_BatchesResponse__Output>
  Drain: MethodDefinition<_millrace_operator_v1_ExecutorRequest, _millrace_operator_v1_Done, _millrace_operator_v1_ExecutorRequest__Output, _millrace_operator_v1_Done__Output>
  Executors: MethodDefinition<_millrace_operator_v1_ExecutorsRequest, _millrace_operator_v1_ExecutorsResponse, _millrace_operator_v1_ExecutorsRequest__Output, _millrace_operator_v1_ExecutorsResponse__Output>
  Jobs: MethodDefinition<_millrace_operator_v1_JobsRequest, _millrace_operator_v1_JobsResponse, _millrace_operator_v1_JobsRequest__Output, _millrace_operator_v1_JobsResponse__Output>
  Kill: MethodDefinition<_millrace_operator_v1_JobRequest, _millrace_operator_v1_Done, _millrace_operator_v1_JobRequest__Output, _millrace_operator_v1_Done__Output>
  Logs: MethodDefinition<_millrace_operator_v1_LogsRequest, _millrace_operator_v1_LogEntry, _millrace_operator_v1_LogsRequest__Output, _millrace_operator_v1_LogEntry__Output>
  Status: MethodDefinition<_millrace_operator_v1_JobRequest, _millrace_operator_v1_Job, _millrace_operator_v1_JobRequest__Output, _millrace_operator_v1_Job__Output>
  Stop: MethodDefinition<_millrace_operator_v1_JobRequest, _millrace_operator_v1_Done, _millrace_operator_v1_JobRequest__Output, _millrace_operator_v1_Done__Output>
  Submit: MethodDefinition<_millrace_operator_v1_SubmitRequest, _millrace_operator_v1_Job, _millrace_operator_v1_SubmitRequest__Output, _millrace_operator_v1_Job__Output>
  Waits: MethodDefinition<_millrace_operator_v1_WaitsRequest, _millrace_operator_v1_WaitsReport, _millrace_operator_v1_WaitsRequest__Output, _millrace_operator_v1_WaitsReport__Output>
}
