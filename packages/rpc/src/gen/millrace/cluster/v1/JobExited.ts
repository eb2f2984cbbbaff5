// Original file: proto/millrace/cluster/v1/cluster_service.proto

import type { Error as _millrace_common_v1_Error, Error__Output as _millrace_common_v1_Error__Output } from '../../../millrace/common/v1/Error.ts';

export interface JobExited {
  'job'?: (string);
  'error'?: (_millrace_common_v1_Error | null);
}

export interface JobExited__Output {
  'job': (string);
  'error': (_millrace_common_v1_Error__Output | null);
}
