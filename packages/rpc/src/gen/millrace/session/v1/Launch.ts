// Original file: proto/millrace/session/v1/session_service.proto

import type { LaunchTask as _millrace_session_v1_LaunchTask, LaunchTask__Output as _millrace_session_v1_LaunchTask__Output } from '../../../millrace/session/v1/LaunchTask.ts';

export interface Launch {
  'tasks'?: (_millrace_session_v1_LaunchTask)[];
}

export interface Launch__Output {
  'tasks': (_millrace_session_v1_LaunchTask__Output)[];
}
