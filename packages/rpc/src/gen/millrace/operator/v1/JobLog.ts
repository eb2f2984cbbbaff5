// Original file: proto/millrace/operator/v1/operator_service.proto

import type { JobResumed as _millrace_operator_v1_JobResumed, JobResumed__Output as _millrace_operator_v1_JobResumed__Output } from '../../../millrace/operator/v1/JobResumed.ts';

export interface JobLog {
  'directory'?: (string);
  'resumed'?: (_millrace_operator_v1_JobResumed | null);
}

export interface JobLog__Output {
  'directory': (string);
  'resumed': (_millrace_operator_v1_JobResumed__Output | null);
}
