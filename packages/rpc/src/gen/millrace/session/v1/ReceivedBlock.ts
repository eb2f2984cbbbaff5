// Original file: proto/millrace/session/v1/session_service.proto

import type { LoggedAt as _millrace_common_v1_LoggedAt, LoggedAt__Output as _millrace_common_v1_LoggedAt__Output } from '../../../millrace/common/v1/LoggedAt.ts';
import type { Long } from '@grpc/proto-loader';

export interface ReceivedBlock {
  'id'?: (string);
  'sizeBytes'?: (number | string | Long);
  'records'?: (number | string | Long);
  'at'?: (string)[];
  'logged'?: (_millrace_common_v1_LoggedAt | null);
  'position'?: (Buffer | Uint8Array | string);
  '_position'?: "position";
}

export interface ReceivedBlock__Output {
  'id': (string);
  'sizeBytes': (number);
  'records': (number);
  'at': (string)[];
  'logged': (_millrace_common_v1_LoggedAt__Output | null);
  'position'?: (Buffer);
  '_position'?: "position";
}
