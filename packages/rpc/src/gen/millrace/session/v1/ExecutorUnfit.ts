// Original file: proto/millrace/session/v1/session_service.proto

import type { Error as _millrace_common_v1_Error, Error__Output as _millrace_common_v1_Error__Output } from '../../../millrace/common/v1/Error.ts';

export interface ExecutorUnfit {
  'error'?: (_millrace_common_v1_Error | null);
}

export interface ExecutorUnfit__Output {
  'error': (_millrace_common_v1_Error__Output | null);
}
