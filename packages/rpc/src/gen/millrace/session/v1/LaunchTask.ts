// Original file: proto/millrace/session/v1/session_service.proto

import type { TaskKey as _millrace_session_v1_TaskKey, TaskKey__Output as _millrace_session_v1_TaskKey__Output } from '../../../millrace/session/v1/TaskKey.ts';
import type { TaskInput as _millrace_session_v1_TaskInput, TaskInput__Output as _millrace_session_v1_TaskInput__Output } from '../../../millrace/session/v1/TaskInput.ts';
import type { StateRef as _millrace_session_v1_StateRef, StateRef__Output as _millrace_session_v1_StateRef__Output } from '../../../millrace/session/v1/StateRef.ts';
import type { OutputRef as _millrace_session_v1_OutputRef, OutputRef__Output as _millrace_session_v1_OutputRef__Output } from '../../../millrace/session/v1/OutputRef.ts';

export interface LaunchTask {
  'key'?: (_millrace_session_v1_TaskKey | null);
  'template'?: (number);
  'inputs'?: (_millrace_session_v1_TaskInput)[];
  'state'?: (_millrace_session_v1_StateRef | null);
  'output'?: (_millrace_session_v1_OutputRef | null);
  'slot'?: (number);
}

export interface LaunchTask__Output {
  'key': (_millrace_session_v1_TaskKey__Output | null);
  'template': (number);
  'inputs': (_millrace_session_v1_TaskInput__Output)[];
  'state': (_millrace_session_v1_StateRef__Output | null);
  'output': (_millrace_session_v1_OutputRef__Output | null);
  'slot': (number);
}
