// Original file: proto/millrace/common/v1/common.proto

import type { Blame as _millrace_common_v1_Blame, Blame__Output as _millrace_common_v1_Blame__Output } from '../../../millrace/common/v1/Blame.ts';
import type { Retry as _millrace_common_v1_Retry, Retry__Output as _millrace_common_v1_Retry__Output } from '../../../millrace/common/v1/Retry.ts';

export interface ErrorKind {
  'code'?: (string);
  'blame'?: (_millrace_common_v1_Blame);
  'retry'?: (_millrace_common_v1_Retry);
}

export interface ErrorKind__Output {
  'code': (string);
  'blame': (_millrace_common_v1_Blame__Output);
  'retry': (_millrace_common_v1_Retry__Output);
}
