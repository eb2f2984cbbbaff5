// Original file: proto/millrace/operator/v1/operator_service.proto

import type { Executor as _millrace_operator_v1_Executor, Executor__Output as _millrace_operator_v1_Executor__Output } from '../../../millrace/operator/v1/Executor.ts';

export interface ExecutorsResponse {
  'executors'?: (_millrace_operator_v1_Executor)[];
}

export interface ExecutorsResponse__Output {
  'executors': (_millrace_operator_v1_Executor__Output)[];
}
