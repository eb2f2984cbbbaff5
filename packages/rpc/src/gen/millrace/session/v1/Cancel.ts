// Original file: proto/millrace/session/v1/session_service.proto

import type { TaskKey as _millrace_session_v1_TaskKey, TaskKey__Output as _millrace_session_v1_TaskKey__Output } from '../../../millrace/session/v1/TaskKey.ts';

export interface Cancel {
  'key'?: (_millrace_session_v1_TaskKey | null);
}

export interface Cancel__Output {
  'key': (_millrace_session_v1_TaskKey__Output | null);
}
