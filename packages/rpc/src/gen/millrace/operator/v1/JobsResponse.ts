// Original file: proto/millrace/operator/v1/operator_service.proto

import type { Job as _millrace_operator_v1_Job, Job__Output as _millrace_operator_v1_Job__Output } from '../../../millrace/operator/v1/Job.ts';

export interface JobsResponse {
  'jobs'?: (_millrace_operator_v1_Job)[];
}

export interface JobsResponse__Output {
  'jobs': (_millrace_operator_v1_Job__Output)[];
}
