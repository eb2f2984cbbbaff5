// Original file: proto/millrace/session/v1/session_service.proto

import type { FromExecutor as _millrace_session_v1_FromExecutor, FromExecutor__Output as _millrace_session_v1_FromExecutor__Output } from '../../../millrace/session/v1/FromExecutor.ts';

export interface FromExecutorGroup {
  'messages'?: (_millrace_session_v1_FromExecutor)[];
  'last'?: (boolean);
}

export interface FromExecutorGroup__Output {
  'messages': (_millrace_session_v1_FromExecutor__Output)[];
  'last': (boolean);
}
