// Original file: proto/millrace/session/v1/session_service.proto

import type { ResultBlock as _millrace_session_v1_ResultBlock, ResultBlock__Output as _millrace_session_v1_ResultBlock__Output } from '../../../millrace/session/v1/ResultBlock.ts';
import type { TaskMetrics as _millrace_session_v1_TaskMetrics, TaskMetrics__Output as _millrace_session_v1_TaskMetrics__Output } from '../../../millrace/session/v1/TaskMetrics.ts';
import type { WrittenFile as _millrace_session_v1_WrittenFile, WrittenFile__Output as _millrace_session_v1_WrittenFile__Output } from '../../../millrace/session/v1/WrittenFile.ts';
import type { StateVersion as _millrace_session_v1_StateVersion, StateVersion__Output as _millrace_session_v1_StateVersion__Output } from '../../../millrace/session/v1/StateVersion.ts';

export interface ResultOutcome {
  'inline'?: (Buffer | Uint8Array | string);
  'block'?: (_millrace_session_v1_ResultBlock | null);
  'metrics'?: (_millrace_session_v1_TaskMetrics | null);
  'accumulators'?: (Buffer | Uint8Array | string);
  'written'?: (_millrace_session_v1_WrittenFile | null);
  'state'?: (_millrace_session_v1_StateVersion | null);
  'result'?: "inline"|"block"|"written";
}

export interface ResultOutcome__Output {
  'inline'?: (Buffer);
  'block'?: (_millrace_session_v1_ResultBlock__Output | null);
  'metrics': (_millrace_session_v1_TaskMetrics__Output | null);
  'accumulators': (Buffer);
  'written'?: (_millrace_session_v1_WrittenFile__Output | null);
  'state': (_millrace_session_v1_StateVersion__Output | null);
  'result'?: "inline"|"block"|"written";
}
