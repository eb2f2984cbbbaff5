// Original file: proto/millrace/session/v1/session_service.proto

import type { ResultBlock as _millrace_session_v1_ResultBlock, ResultBlock__Output as _millrace_session_v1_ResultBlock__Output } from '../../../millrace/session/v1/ResultBlock.ts';
import type { TaskMetrics as _millrace_session_v1_TaskMetrics, TaskMetrics__Output as _millrace_session_v1_TaskMetrics__Output } from '../../../millrace/session/v1/TaskMetrics.ts';

export interface ResultOutcome {
  'inline'?: (Buffer | Uint8Array | string);
  'block'?: (_millrace_session_v1_ResultBlock | null);
  'metrics'?: (_millrace_session_v1_TaskMetrics | null);
  'accumulators'?: (Buffer | Uint8Array | string);
  'result'?: "inline"|"block";
}

export interface ResultOutcome__Output {
  'inline'?: (Buffer);
  'block'?: (_millrace_session_v1_ResultBlock__Output | null);
  'metrics': (_millrace_session_v1_TaskMetrics__Output | null);
  'accumulators': (Buffer);
  'result'?: "inline"|"block";
}
