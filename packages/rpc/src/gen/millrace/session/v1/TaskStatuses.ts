// Original file: proto/millrace/session/v1/session_service.proto

import type { TaskStatus as _millrace_session_v1_TaskStatus, TaskStatus__Output as _millrace_session_v1_TaskStatus__Output } from '../../../millrace/session/v1/TaskStatus.ts';

export interface TaskStatuses {
  'statuses'?: (_millrace_session_v1_TaskStatus)[];
}

export interface TaskStatuses__Output {
  'statuses': (_millrace_session_v1_TaskStatus__Output)[];
}
