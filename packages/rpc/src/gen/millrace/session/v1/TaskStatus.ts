// Original file: proto/millrace/session/v1/session_service.proto

import type { TaskKey as _millrace_session_v1_TaskKey, TaskKey__Output as _millrace_session_v1_TaskKey__Output } from '../../../millrace/session/v1/TaskKey.ts';
import type { MapOutput as _millrace_session_v1_MapOutput, MapOutput__Output as _millrace_session_v1_MapOutput__Output } from '../../../millrace/session/v1/MapOutput.ts';
import type { ResultOutcome as _millrace_session_v1_ResultOutcome, ResultOutcome__Output as _millrace_session_v1_ResultOutcome__Output } from '../../../millrace/session/v1/ResultOutcome.ts';
import type { TaskFailed as _millrace_session_v1_TaskFailed, TaskFailed__Output as _millrace_session_v1_TaskFailed__Output } from '../../../millrace/session/v1/TaskFailed.ts';
import type { FetchFailed as _millrace_session_v1_FetchFailed, FetchFailed__Output as _millrace_session_v1_FetchFailed__Output } from '../../../millrace/session/v1/FetchFailed.ts';
import type { TaskCancelled as _millrace_session_v1_TaskCancelled, TaskCancelled__Output as _millrace_session_v1_TaskCancelled__Output } from '../../../millrace/session/v1/TaskCancelled.ts';

export interface TaskStatus {
  'key'?: (_millrace_session_v1_TaskKey | null);
  'mapOutput'?: (_millrace_session_v1_MapOutput | null);
  'result'?: (_millrace_session_v1_ResultOutcome | null);
  'failed'?: (_millrace_session_v1_TaskFailed | null);
  'fetchFailed'?: (_millrace_session_v1_FetchFailed | null);
  'cancelled'?: (_millrace_session_v1_TaskCancelled | null);
  'outcome'?: "mapOutput"|"result"|"failed"|"fetchFailed"|"cancelled";
}

export interface TaskStatus__Output {
  'key': (_millrace_session_v1_TaskKey__Output | null);
  'mapOutput'?: (_millrace_session_v1_MapOutput__Output | null);
  'result'?: (_millrace_session_v1_ResultOutcome__Output | null);
  'failed'?: (_millrace_session_v1_TaskFailed__Output | null);
  'fetchFailed'?: (_millrace_session_v1_FetchFailed__Output | null);
  'cancelled'?: (_millrace_session_v1_TaskCancelled__Output | null);
  'outcome'?: "mapOutput"|"result"|"failed"|"fetchFailed"|"cancelled";
}
