// Original file: proto/millrace/session/v1/session_service.proto

import type { ToExecutor as _millrace_session_v1_ToExecutor, ToExecutor__Output as _millrace_session_v1_ToExecutor__Output } from '../../../millrace/session/v1/ToExecutor.ts';

export interface ToExecutorGroup {
  'messages'?: (_millrace_session_v1_ToExecutor)[];
}

export interface ToExecutorGroup__Output {
  'messages': (_millrace_session_v1_ToExecutor__Output)[];
}
