// Original file: proto/millrace/common/v1/common.proto

import type { LoggedAt as _millrace_common_v1_LoggedAt, LoggedAt__Output as _millrace_common_v1_LoggedAt__Output } from '../../../millrace/common/v1/LoggedAt.ts';
import type { Long } from '@grpc/proto-loader';

export interface BlockLocation {
  'id'?: (string);
  'sizeBytes'?: (number | string | Long);
  'at'?: (string)[];
  'copy'?: (Buffer | Uint8Array | string);
  'logged'?: (_millrace_common_v1_LoggedAt | null);
}

export interface BlockLocation__Output {
  'id': (string);
  'sizeBytes': (number);
  'at': (string)[];
  'copy': (Buffer);
  'logged': (_millrace_common_v1_LoggedAt__Output | null);
}
